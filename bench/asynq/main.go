// The Go side of the benchmark: Asynq at its documented settings. Prints figures as one line of JSON.
// Usage: asynq-bench <workload> <redis port> <sizes as JSON>
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hibiken/asynq"
)

type figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

type sizes struct {
	Enqueue  int `json:"enqueue"`
	OneByOne int `json:"oneByOne"`
	Process  int `json:"process"`
	WarmUp   int `json:"warmUp"`
	PickUps  int `json:"pickUps"`
}

const (
	// The released version has no call for many: so many callers at once are the fastest that it offers.
	bulkLanes = 64
	// It polls once a second: a sample takes half a second, and a tenth of the others' samples has to do.
	pickUpShare = 10
	stall       = 30 * time.Second
)

func main() {
	workload, port := os.Args[1], os.Args[2]
	var size sizes
	if err := json.Unmarshal([]byte(os.Args[3]), &size); err != nil {
		fail(err)
	}
	redis := asynq.RedisClientOpt{Addr: "127.0.0.1:" + port}
	var figures []figure
	switch {
	case workload == "bulk enqueue":
		figures = enqueueAll(redis, workload, size.WarmUp, size.Enqueue, bulkLanes)
	case workload == "enqueue, 256 in flight":
		figures = enqueueAll(redis, workload, min(2000, size.OneByOne), size.OneByOne, 256)
	case workload == "enqueue, 1 in flight":
		count := (size.OneByOne + 7) / 8
		figures = enqueueAll(redis, workload, min(2000, count), count, 1)
	case workload == "idle pick-up":
		figures = pickUp(redis, max(2, size.PickUps/pickUpShare))
	case strings.HasPrefix(workload, "process, concurrency "):
		concurrency := 100
		if strings.HasSuffix(workload, " 10") {
			concurrency = 10
		}
		figures = process(redis, workload, concurrency, size.WarmUp, size.Process)
	default:
		fail(fmt.Errorf("unknown workload %q", workload))
	}
	line, err := json.Marshal(figures)
	if err != nil {
		fail(err)
	}
	fmt.Println(string(line))
}

// enqueue enqueues the tasks numbered from to to - 1, with so many calls in flight.
func enqueue(client *asynq.Client, from, to, lanes int) {
	var next atomic.Int64
	next.Store(int64(from))
	var running sync.WaitGroup
	for range lanes {
		running.Add(1)
		go func() {
			defer running.Done()
			for {
				number := next.Add(1) - 1
				if number >= int64(to) {
					return
				}
				payload := fmt.Sprintf(`{"n":%d,"d":0,"x":"`, number)
				payload += strings.Repeat("x", 98-len(payload)) + `"}`
				if _, err := client.Enqueue(asynq.NewTask("bench:plain", []byte(payload))); err != nil {
					fail(err)
				}
			}
		}()
	}
	running.Wait()
}

func enqueueAll(redis asynq.RedisClientOpt, name string, warmUp, count, lanes int) []figure {
	client := asynq.NewClient(redis)
	defer client.Close()
	enqueue(client, 0, warmUp, lanes)
	start := time.Now()
	enqueue(client, warmUp, warmUp+count, lanes)
	seconds := time.Since(start).Seconds()
	// Outside of the measurement: are they all there, and once?
	seen := newTally(warmUp + count)
	work(redis, 100, func(number int) { seen.add(number) }, func() { wait(seen) })
	return append([]figure{{name, float64(count) / seconds, "per second"}}, seen.faults(left(redis))...)
}

func process(redis asynq.RedisClientOpt, name string, concurrency, warmUp, count int) []figure {
	client := asynq.NewClient(redis)
	defer client.Close()
	enqueue(client, 0, warmUp+count, bulkLanes)
	seen := newTally(warmUp + count)
	var started, ended atomic.Int64
	handle := func(number int) {
		switch seen.add(number) {
		case int64(warmUp):
			started.Store(time.Now().UnixNano())
		case int64(warmUp + count):
			ended.Store(time.Now().UnixNano())
		}
	}
	work(redis, concurrency, handle, func() { wait(seen) })
	seconds := float64(ended.Load()-started.Load()) / 1e9
	return append([]figure{{name, float64(count) / seconds, "per second"}}, seen.faults(left(redis))...)
}

func pickUp(redis asynq.RedisClientOpt, count int) []figure {
	client := asynq.NewClient(redis)
	defer client.Close()
	seen := newTally(count)
	picked := make(chan struct{}, count)
	took := make([]float64, 0, count)
	handle := func(number int) {
		seen.add(number)
		picked <- struct{}{}
	}
	work(redis, 10, handle, func() {
		for number := range count {
			time.Sleep(time.Duration(5+(number*7919)%23) * time.Millisecond)
			start := time.Now()
			enqueue(client, number, number+1, 1)
			select {
			case <-picked:
			case <-time.After(stall):
			}
			took = append(took, float64(time.Since(start).Nanoseconds())/1e6)
		}
	})
	sort.Float64s(took)
	at := func(percent int) float64 { return took[min(len(took)-1, len(took)*percent/100)] }
	return append([]figure{
		{"idle pick-up, p50", at(50), "ms"},
		{"idle pick-up, p99", at(99), "ms"},
	}, seen.faults(left(redis))...)
}

// work runs a server for as long as meanwhile takes.
func work(redis asynq.RedisClientOpt, concurrency int, handle func(number int), meanwhile func()) {
	server := asynq.NewServer(redis, asynq.Config{Concurrency: concurrency, LogLevel: asynq.FatalLevel})
	handler := asynq.HandlerFunc(func(_ context.Context, task *asynq.Task) error {
		var payload struct {
			N int `json:"n"`
		}
		if err := json.Unmarshal(task.Payload(), &payload); err != nil {
			return err
		}
		handle(payload.N)
		return nil
	})
	if err := server.Start(handler); err != nil {
		fail(err)
	}
	meanwhile()
	server.Shutdown()
}

// wait returns when each task has run, or when nothing has run for so long that the rest must be lost.
func wait(seen *tally) {
	for before := int64(-1); ; {
		select {
		case <-seen.all:
			return
		case <-time.After(stall):
			if seen.ran.Load() == before {
				return
			}
			before = seen.ran.Load()
		}
	}
}

// left is how many tasks Redis still holds.
func left(redis asynq.RedisClientOpt) int {
	inspector := asynq.NewInspector(redis)
	defer inspector.Close()
	info, err := inspector.GetQueueInfo("default")
	if err != nil {
		fail(err)
	}
	return info.Size
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
