package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/hibiken/asynq"
)

type inspectSpec struct {
	Method   string `json:"method"`
	Queue    string `json:"queue"`
	ID       string `json:"taskId"`
	Group    string `json:"group"`
	State    string `json:"state"`
	Payload  []byte `json:"payload"`
	Force    bool   `json:"force"`
	Days     int    `json:"days"`
	PageSize int    `json:"pageSize"`
}

type byQueue func(string) (int, error)

// inspect calls asynq's inspector; methods for all tasks of a state have the state as an argument.
func (p *peer) inspect(args json.RawMessage) (any, error) {
	var s inspectSpec
	if err := json.Unmarshal(args, &s); err != nil {
		return nil, err
	}
	i := p.inspector
	switch s.Method {
	case "queues":
		return i.Queues()
	case "queue":
		return toldQueue(i.GetQueueInfo(s.Queue))
	case "history":
		return toldHistory(i.History(s.Queue, s.Days))
	case "groups":
		return toldGroups(i.Groups(s.Queue))
	case "task":
		info, err := i.GetTaskInfo(s.Queue, s.ID)
		if err != nil {
			return nil, err
		}
		return told(info), nil
	case "list":
		return p.list(s)
	case "run":
		return nil, i.RunTask(s.Queue, s.ID)
	case "archive":
		return nil, i.ArchiveTask(s.Queue, s.ID)
	case "delete":
		return nil, i.DeleteTask(s.Queue, s.ID)
	case "runAll":
		return all(s, map[string]byQueue{
			"scheduled": i.RunAllScheduledTasks, "retry": i.RunAllRetryTasks, "archived": i.RunAllArchivedTasks,
			"aggregating": func(queue string) (int, error) { return i.RunAllAggregatingTasks(queue, s.Group) },
		})
	case "archiveAll":
		return all(s, map[string]byQueue{
			"pending": i.ArchiveAllPendingTasks, "scheduled": i.ArchiveAllScheduledTasks, "retry": i.ArchiveAllRetryTasks,
			"aggregating": func(queue string) (int, error) { return i.ArchiveAllAggregatingTasks(queue, s.Group) },
		})
	case "deleteAll":
		return all(s, map[string]byQueue{
			"pending": i.DeleteAllPendingTasks, "scheduled": i.DeleteAllScheduledTasks, "retry": i.DeleteAllRetryTasks,
			"archived": i.DeleteAllArchivedTasks, "completed": i.DeleteAllCompletedTasks,
			"aggregating": func(queue string) (int, error) { return i.DeleteAllAggregatingTasks(queue, s.Group) },
		})
	case "updatePayload":
		return nil, i.UpdateTaskPayload(s.Queue, s.ID, s.Payload)
	case "pause":
		return nil, i.PauseQueue(s.Queue)
	case "resume":
		return nil, i.UnpauseQueue(s.Queue)
	case "deleteQueue":
		return nil, i.DeleteQueue(s.Queue, s.Force)
	case "cancel":
		return nil, i.CancelProcessing(s.ID)
	case "servers":
		return toldServers(i.Servers())
	case "schedulerEntries":
		return toldEntries(i.SchedulerEntries())
	case "schedulerEvents":
		return toldEvents(i.ListSchedulerEnqueueEvents(s.ID))
	}
	return nil, fmt.Errorf("the inspector has no method %q", s.Method)
}

func all(s inspectSpec, methods map[string]byQueue) (any, error) {
	method, found := methods[s.State]
	if !found {
		return nil, fmt.Errorf("the inspector has no %s of state %q", s.Method, s.State)
	}
	return method(s.Queue)
}

func (p *peer) list(s inspectSpec) (any, error) {
	i := p.inspector
	size := s.PageSize
	if size == 0 {
		size = 1000
	}
	page := asynq.PageSize(size)
	var tasks []*asynq.TaskInfo
	var err error
	switch s.State {
	case "pending":
		tasks, err = i.ListPendingTasks(s.Queue, page)
	case "active":
		tasks, err = i.ListActiveTasks(s.Queue, page)
	case "scheduled":
		tasks, err = i.ListScheduledTasks(s.Queue, page)
	case "retry":
		tasks, err = i.ListRetryTasks(s.Queue, page)
	case "archived":
		tasks, err = i.ListArchivedTasks(s.Queue, page)
	case "completed":
		tasks, err = i.ListCompletedTasks(s.Queue, page)
	case "aggregating":
		tasks, err = i.ListAggregatingTasks(s.Queue, s.Group, page)
	default:
		err = fmt.Errorf("no state %q", s.State)
	}
	if err != nil {
		return nil, err
	}
	list := make([]toldTask, 0, len(tasks))
	for _, task := range tasks {
		list = append(list, told(task))
	}
	return list, nil
}

func toldQueue(q *asynq.QueueInfo, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"queue": q.Queue, "paused": q.Paused, "size": q.Size, "groups": q.Groups, "latencyMs": q.Latency.Milliseconds(),
		"counts": map[string]int{
			"pending": q.Pending, "active": q.Active, "scheduled": q.Scheduled, "retry": q.Retry,
			"archived": q.Archived, "completed": q.Completed, "aggregating": q.Aggregating,
		},
		"processedToday": q.Processed, "failedToday": q.Failed,
		"processedTotal": q.ProcessedTotal, "failedTotal": q.FailedTotal,
	}, nil
}

func toldHistory(days []*asynq.DailyStats, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	var list []any
	for _, day := range days {
		list = append(list, map[string]any{
			"date": day.Date.UTC().Format(time.DateOnly), "processed": day.Processed, "failed": day.Failed,
		})
	}
	return list, nil
}

func toldGroups(groups []*asynq.GroupInfo, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	sizes := map[string]int{}
	for _, group := range groups {
		sizes[group.Group] = group.Size
	}
	return sizes, nil
}

func toldServers(servers []*asynq.ServerInfo, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	list := []any{}
	for _, s := range servers {
		workers := []any{}
		for _, w := range s.ActiveWorkers {
			workers = append(workers, map[string]any{
				"taskId": w.TaskID, "type": w.TaskType, "payload": w.TaskPayload, "queue": w.Queue,
				"startedAt": moment(w.Started), "deadlineAt": moment(w.Deadline),
			})
		}
		list = append(list, map[string]any{
			"serverId": s.ID, "host": s.Host, "pid": s.PID, "concurrency": s.Concurrency, "queues": s.Queues,
			"strictPriority": s.StrictPriority, "startedAt": moment(s.Started), "status": s.Status, "workers": workers,
		})
	}
	return list, nil
}

func toldEntries(entries []*asynq.SchedulerEntry, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	list := []any{}
	for _, e := range entries {
		options := []string{}
		for _, option := range e.Opts {
			options = append(options, option.String())
		}
		list = append(list, map[string]any{
			"entryId": e.ID, "spec": e.Spec, "type": e.Task.Type(), "payload": e.Task.Payload(), "options": options,
			"nextAt": moment(e.Next), "previousAt": moment(e.Prev),
		})
	}
	return list, nil
}

func toldEvents(events []*asynq.SchedulerEnqueueEvent, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	list := []any{}
	for _, e := range events {
		list = append(list, map[string]any{"taskId": e.TaskID, "at": moment(e.EnqueuedAt)})
	}
	return list, nil
}
