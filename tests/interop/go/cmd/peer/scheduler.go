package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/hibiken/asynq"
)

type schedulerSpec struct {
	Name           string `json:"name"`
	HeartbeatEvery int64  `json:"heartbeatEveryMs"`
	Entries        []struct {
		Spec string   `json:"spec"`
		Task taskSpec `json:"task"`
	} `json:"entries"`
}

// startScheduler gives the ids of the entries, in order.
func (p *peer) startScheduler(args json.RawMessage) (any, error) {
	var spec schedulerSpec
	if err := json.Unmarshal(args, &spec); err != nil {
		return nil, err
	}
	scheduler := asynq.NewScheduler(p.redis, &asynq.SchedulerOpts{
		HeartbeatInterval: duration(spec.HeartbeatEvery),
		Location:          time.UTC,
		LogLevel:          asynq.WarnLevel,
		PostEnqueueFunc: func(info *asynq.TaskInfo, err error) {
			if err == nil {
				say(map[string]any{"event": "fired", "scheduler": spec.Name, "taskId": info.ID, "type": info.Type})
			}
		},
	})
	ids := []string{}
	for _, entry := range spec.Entries {
		id, err := scheduler.Register(entry.Spec, entry.Task.task(), entry.Task.Options.options()...)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	if err := scheduler.Start(); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.schedulers[spec.Name] = scheduler
	return ids, nil
}

func (p *peer) shutDownScheduler(args json.RawMessage) (any, error) {
	var named struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal(args, &named); err != nil {
		return nil, err
	}
	p.mu.Lock()
	scheduler := p.schedulers[named.Name]
	p.mu.Unlock()
	if scheduler == nil {
		return nil, fmt.Errorf("no scheduler %q", named.Name)
	}
	scheduler.Shutdown()
	return nil, nil
}
