// The Go side of the benchmark: Asynq at its documented settings. Prints figures as one line of JSON.
// Usage: asynq-bench <workload> <redis port> <sizes as JSON>
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
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
	Enqueue int `json:"enqueue"`
	Process int `json:"process"`
}

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
		// The released version has no call for many: a goroutine a core's worth of callers is the fastest it offers.
		enqueue(redis, 1000)
		start := time.Now()
		enqueue(redis, size.Enqueue)
		figures = []figure{{workload, float64(size.Enqueue) / time.Since(start).Seconds(), "per second"}}
	case strings.HasPrefix(workload, "process, concurrency "):
		concurrency, count := 100, size.Process
		if strings.HasSuffix(workload, " 10") {
			concurrency = 10
		}
		if strings.HasSuffix(workload, "away") {
			count /= 2
		}
		figures = process(redis, workload, concurrency, count)
	default:
		fail(fmt.Errorf("unknown workload %q", workload))
	}
	line, err := json.Marshal(figures)
	if err != nil {
		fail(err)
	}
	fmt.Println(string(line))
}

func enqueue(redis asynq.RedisClientOpt, count int) {
	client := asynq.NewClient(redis)
	defer client.Close()
	var next atomic.Int64
	var lanes sync.WaitGroup
	for lane := 0; lane < 64; lane++ {
		lanes.Add(1)
		go func() {
			defer lanes.Done()
			for {
				number := next.Add(1)
				if number > int64(count) {
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
	lanes.Wait()
}

func process(redis asynq.RedisClientOpt, name string, concurrency, count int) []figure {
	warmUp := int64(count / 20)
	total := warmUp + int64(count)
	enqueue(redis, int(total))
	var ran atomic.Int64
	var started, ended atomic.Int64
	done := make(chan struct{})
	server := asynq.NewServer(redis, asynq.Config{Concurrency: concurrency, LogLevel: asynq.FatalLevel})
	handler := asynq.HandlerFunc(func(context.Context, *asynq.Task) error {
		switch ran.Add(1) {
		case warmUp:
			started.Store(time.Now().UnixNano())
		case total:
			ended.Store(time.Now().UnixNano())
			close(done)
		}
		return nil
	})
	if err := server.Start(handler); err != nil {
		fail(err)
	}
	<-done
	server.Shutdown()
	seconds := float64(ended.Load()-started.Load()) / 1e9
	return []figure{{name, float64(count) / seconds, "per second"}, {"ran twice", float64(ran.Load() - total), "tasks"}}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
