package main

import (
	"encoding/json"
	"time"

	"github.com/hibiken/asynq"
)

// taskSpec is a task to enqueue. A pointer that is nil leaves the option out.
type taskSpec struct {
	Type    string            `json:"type"`
	Payload []byte            `json:"payload"`
	Headers map[string]string `json:"headers"`
	Options optionSpec        `json:"options"`
}

type optionSpec struct {
	Queue     *string `json:"queue"`
	MaxRetry  *int    `json:"maxRetry"`
	TaskID    *string `json:"taskId"`
	Timeout   *int64  `json:"timeoutMs"`
	Deadline  *int64  `json:"deadlineAt"`
	Unique    *int64  `json:"uniqueForMs"`
	At        *int64  `json:"at"`
	In        *int64  `json:"inMs"`
	Retention *int64  `json:"retentionMs"`
	Group     *string `json:"group"`
}

func (o optionSpec) options() []asynq.Option {
	var options []asynq.Option
	add := func(given bool, option func() asynq.Option) {
		if given {
			options = append(options, option())
		}
	}
	add(o.Queue != nil, func() asynq.Option { return asynq.Queue(*o.Queue) })
	add(o.MaxRetry != nil, func() asynq.Option { return asynq.MaxRetry(*o.MaxRetry) })
	add(o.TaskID != nil, func() asynq.Option { return asynq.TaskID(*o.TaskID) })
	add(o.Timeout != nil, func() asynq.Option { return asynq.Timeout(duration(*o.Timeout)) })
	add(o.Deadline != nil, func() asynq.Option { return asynq.Deadline(time.UnixMilli(*o.Deadline)) })
	add(o.Unique != nil, func() asynq.Option { return asynq.Unique(duration(*o.Unique)) })
	add(o.At != nil, func() asynq.Option { return asynq.ProcessAt(time.UnixMilli(*o.At)) })
	add(o.In != nil, func() asynq.Option { return asynq.ProcessIn(duration(*o.In)) })
	add(o.Retention != nil, func() asynq.Option { return asynq.Retention(duration(*o.Retention)) })
	add(o.Group != nil, func() asynq.Option { return asynq.Group(*o.Group) })
	return options
}

func (s taskSpec) task() *asynq.Task {
	return asynq.NewTaskWithHeaders(s.Type, s.Payload, s.Headers)
}

func duration(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }

func moment(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func (p *peer) enqueue(args json.RawMessage) (any, error) {
	var spec taskSpec
	if err := json.Unmarshal(args, &spec); err != nil {
		return nil, err
	}
	info, err := p.client.Enqueue(spec.task(), spec.Options.options()...)
	if err != nil {
		return nil, err
	}
	return told(info), nil
}

// enqueueMany enqueues tasks one after the other and gives their ids.
func (p *peer) enqueueMany(args json.RawMessage) (any, error) {
	var specs []taskSpec
	if err := json.Unmarshal(args, &specs); err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(specs))
	for _, spec := range specs {
		info, err := p.client.Enqueue(spec.task(), spec.Options.options()...)
		if err != nil {
			return nil, err
		}
		ids = append(ids, info.ID)
	}
	return ids, nil
}

type toldTask struct {
	ID            string            `json:"id"`
	Queue         string            `json:"queue"`
	Type          string            `json:"type"`
	Payload       []byte            `json:"payload"`
	Headers       map[string]string `json:"headers"`
	State         string            `json:"state"`
	MaxRetry      int               `json:"maxRetry"`
	Retried       int               `json:"retried"`
	LastErr       string            `json:"lastError"`
	LastFailedAt  int64             `json:"lastFailedAt"`
	Timeout       int64             `json:"timeoutMs"`
	Deadline      int64             `json:"deadlineAt"`
	Group         string            `json:"group"`
	NextProcessAt int64             `json:"nextProcessAt"`
	IsOrphaned    bool              `json:"isOrphaned"`
	Retention     int64             `json:"retentionMs"`
	CompletedAt   int64             `json:"completedAt"`
	Result        []byte            `json:"result"`
}

func told(info *asynq.TaskInfo) toldTask {
	return toldTask{
		ID: info.ID, Queue: info.Queue, Type: info.Type, Payload: info.Payload, Headers: info.Headers,
		State: info.State.String(), MaxRetry: info.MaxRetry, Retried: info.Retried,
		LastErr: info.LastErr, LastFailedAt: moment(info.LastFailedAt),
		Timeout: info.Timeout.Milliseconds(), Deadline: moment(info.Deadline), Group: info.Group,
		NextProcessAt: moment(info.NextProcessAt), IsOrphaned: info.IsOrphaned,
		Retention: info.Retention.Milliseconds(), CompletedAt: moment(info.CompletedAt), Result: info.Result,
	}
}
