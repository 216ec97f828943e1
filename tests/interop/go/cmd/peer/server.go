package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hibiken/asynq"
)

type serverSpec struct {
	Name        string         `json:"name"`
	Concurrency int            `json:"concurrency"`
	Queues      map[string]int `json:"queues"`
	Strict      bool           `json:"strict"`
	// A failed task waits this long.
	RetryDelay int64 `json:"retryDelayMs"`
	// How often due tasks are looked for.
	ForwardEvery int64 `json:"forwardEveryMs"`
	SweepEvery   int64 `json:"sweepEveryMs"`
	Shutdown     int64 `json:"shutdownTimeoutMs"`
	// Groups are collected when this is given: a task "collected" gets the payload "<group>:<payloads, joined by commas>".
	// One whose name begins with "hold" is never finished, so that its collector can die meanwhile.
	GroupGrace   int64 `json:"groupGraceMs"`
	GroupMaxSize int   `json:"groupMaxSize"`
	// Says nothing of tasks that go well, for tests with thousands of them.
	Quiet bool `json:"quiet"`
}

var errNotNow = errors.New("not now")

func (p *peer) startServer(args json.RawMessage) (any, error) {
	var spec serverSpec
	if err := json.Unmarshal(args, &spec); err != nil {
		return nil, err
	}
	config := asynq.Config{
		Concurrency:              spec.Concurrency,
		Queues:                   spec.Queues,
		StrictPriority:           spec.Strict,
		TaskCheckInterval:        20 * time.Millisecond,
		DelayedTaskCheckInterval: duration(spec.ForwardEvery),
		JanitorInterval:          duration(spec.SweepEvery),
		ShutdownTimeout:          duration(spec.Shutdown),
		RetryDelayFunc:           func(int, error, *asynq.Task) time.Duration { return duration(spec.RetryDelay) },
		IsFailure:                func(err error) bool { return !errors.Is(err, errNotNow) },
		LogLevel:                 asynq.WarnLevel,
		ErrorHandler: asynq.ErrorHandlerFunc(func(ctx context.Context, task *asynq.Task, err error) {
			id, _ := asynq.GetTaskID(ctx)
			say(map[string]any{"event": "failed", "server": spec.Name, "taskId": id, "type": task.Type(), "error": err.Error()})
		}),
	}
	if spec.GroupGrace > 0 {
		config.GroupGracePeriod = duration(spec.GroupGrace)
		config.GroupMaxSize = spec.GroupMaxSize
		config.GroupAggregator = asynq.GroupAggregatorFunc(func(group string, tasks []*asynq.Task) *asynq.Task {
			say(map[string]any{"event": "collecting", "server": spec.Name, "group": group})
			if strings.HasPrefix(group, "hold") {
				select {}
			}
			var payloads [][]byte
			for _, task := range tasks {
				payloads = append(payloads, task.Payload())
			}
			return asynq.NewTask("collected", append([]byte(group+":"), bytes.Join(payloads, []byte(","))...))
		})
	}
	server := asynq.NewServer(p.redis, config)
	worker := &worker{server: spec.Name, gates: p.gates, quiet: spec.Quiet}
	if err := server.Start(worker); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.servers[spec.Name] = server
	return nil, nil
}

func (p *peer) server(args json.RawMessage) (*asynq.Server, error) {
	var named struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal(args, &named); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if server := p.servers[named.Name]; server != nil {
		return server, nil
	}
	return nil, fmt.Errorf("no server %q", named.Name)
}

func (p *peer) stopServer(args json.RawMessage) (any, error) {
	server, err := p.server(args)
	if err != nil {
		return nil, err
	}
	server.Stop()
	return nil, nil
}

func (p *peer) shutDownServer(args json.RawMessage) (any, error) {
	server, err := p.server(args)
	if err != nil {
		return nil, err
	}
	server.Shutdown()
	return nil, nil
}

// worker does what the first word of a task's type says, up to the first colon; anything else goes well at once.
type worker struct {
	server string
	gates  *gates
	quiet  bool
}

func (w *worker) ProcessTask(ctx context.Context, task *asynq.Task) error {
	id, _ := asynq.GetTaskID(ctx)
	queue, _ := asynq.GetQueueName(ctx)
	retried, _ := asynq.GetRetryCount(ctx)
	maxRetry, _ := asynq.GetMaxRetry(ctx)
	deadline, _ := ctx.Deadline()
	started := map[string]any{
		"event": "started", "server": w.server, "taskId": id, "type": task.Type(), "queue": queue,
		"payload": task.Payload(), "headers": task.Headers(), "retried": retried, "maxRetry": maxRetry,
		"deadlineAt": moment(deadline), "at": time.Now().UnixMilli(),
	}
	if traceID, spanID := sentBy(task.Headers()); traceID != "" {
		started["traceId"], started["spanId"] = traceID, spanID
	}
	say(started)
	err := w.run(ctx, id, retried, task)
	if !w.quiet {
		text := ""
		if err != nil {
			text = err.Error()
		}
		say(map[string]any{"event": "returned", "server": w.server, "taskId": id, "type": task.Type(), "error": text})
	}
	return err
}

func (w *worker) run(ctx context.Context, id string, retried int, task *asynq.Task) error {
	word, rest, _ := strings.Cut(task.Type(), ":")
	switch word {
	case "fail":
		return fmt.Errorf("boom from Go")
	case "flaky":
		// Fails until it has been retried this often.
		times, err := strconv.Atoi(rest)
		if err != nil {
			return err
		}
		if retried < times {
			return fmt.Errorf("boom %d from Go", retried)
		}
	case "not-now":
		return errNotNow
	case "skip":
		return fmt.Errorf("no use: %w", asynq.SkipRetry)
	case "revoke":
		return fmt.Errorf("not wanted: %w", asynq.RevokeTask)
	case "panic":
		panic("dropped the letter")
	case "result":
		if _, err := task.ResultWriter().Write(task.Payload()); err != nil {
			return err
		}
	case "hold":
		return w.gates.wait(ctx, id)
	case "stubborn":
		return w.gates.wait(context.Background(), id)
	case "slow":
		ms, err := strconv.Atoi(rest)
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(ms) * time.Millisecond):
		}
	}
	return nil
}

// gates hold tasks by id until the tests release them.
type gates struct {
	mu   sync.Mutex
	open map[string]chan struct{}
}

func newGates() *gates { return &gates{open: map[string]chan struct{}{}} }

func (g *gates) of(id string) chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	gate, found := g.open[id]
	if !found {
		gate = make(chan struct{})
		g.open[id] = gate
	}
	return gate
}

func (g *gates) wait(ctx context.Context, id string) error {
	select {
	case <-g.of(id):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *peer) release(args json.RawMessage) (any, error) {
	var named struct {
		TaskID string `json:"taskId"`
	}
	if err := json.Unmarshal(args, &named); err != nil {
		return nil, err
	}
	gate := p.gates.of(named.TaskID)
	p.gates.mu.Lock()
	defer p.gates.mu.Unlock()
	select {
	case <-gate:
	default:
		close(gate)
	}
	return nil, nil
}
