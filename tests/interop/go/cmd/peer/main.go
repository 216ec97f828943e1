// Command peer is the Go side of the interop tests: one process that holds asynq's client, inspector, servers and
// schedulers on one Redis, and does what the tests ask for.
//
// It reads requests from stdin and writes answers and events to stdout, one JSON object a line:
//
//	-> {"id": 1, "op": "enqueue", "args": {...}}
//	<- {"id": 1, "result": ...}  or  {"id": 1, "error": {"kind": "duplicate", "text": "..."}}
//	<- {"event": "started", ...}
//
// Bytes are base64, null where Go has nil. Moments are milliseconds since the epoch, 0 where Go has the zero time;
// durations are milliseconds. It ends when stdin does.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

type request struct {
	ID   int             `json:"id"`
	Op   string          `json:"op"`
	Args json.RawMessage `json:"args"`
}

type failure struct {
	Kind string `json:"kind"`
	Text string `json:"text"`
}

type peer struct {
	redis     asynq.RedisConnOpt
	client    *asynq.Client
	inspector *asynq.Inspector
	gates     *gates

	mu         sync.Mutex
	servers    map[string]*asynq.Server
	schedulers map[string]*asynq.Scheduler
}

var output sync.Mutex

// say writes one line.
func say(line any) {
	text, err := json.Marshal(line)
	if err != nil {
		text = []byte(fmt.Sprintf(`{"event":"broken","text":%q}`, err.Error()))
	}
	output.Lock()
	defer output.Unlock()
	os.Stdout.Write(append(text, '\n'))
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: peer <host:port of redis, or of a cluster's nodes with commas between>")
		os.Exit(2)
	}
	var address asynq.RedisConnOpt = asynq.RedisClientOpt{Addr: os.Args[1]}
	if nodes := strings.Split(os.Args[1], ","); len(nodes) > 1 {
		address = asynq.RedisClusterClientOpt{Addrs: nodes}
	}
	p := &peer{
		redis:      address,
		client:     asynq.NewClient(address),
		inspector:  asynq.NewInspector(address),
		gates:      newGates(),
		servers:    map[string]*asynq.Server{},
		schedulers: map[string]*asynq.Scheduler{},
	}
	say(map[string]any{"event": "ready", "pid": os.Getpid()})
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var asked request
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			fmt.Fprintln(os.Stderr, "peer: not a request:", err)
			os.Exit(2)
		}
		go p.answer(asked)
	}
}

func (p *peer) answer(asked request) {
	result, err := p.do(asked)
	if err != nil {
		say(map[string]any{"id": asked.ID, "error": failure{Kind: kindOf(err), Text: err.Error()}})
		return
	}
	say(map[string]any{"id": asked.ID, "result": result})
}

func (p *peer) do(asked request) (result any, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v", cause)
		}
	}()
	switch asked.Op {
	case "enqueue":
		return p.enqueue(asked.Args)
	case "enqueueTraced":
		return p.enqueueTraced(asked.Args)
	case "enqueueMany":
		return p.enqueueMany(asked.Args)
	case "inspect":
		return p.inspect(asked.Args)
	case "startServer":
		return p.startServer(asked.Args)
	case "stopServer":
		return p.stopServer(asked.Args)
	case "shutDownServer":
		return p.shutDownServer(asked.Args)
	case "redis":
		return p.command(asked.Args)
	case "release":
		return p.release(asked.Args)
	case "startScheduler":
		return p.startScheduler(asked.Args)
	case "shutDownScheduler":
		return p.shutDownScheduler(asked.Args)
	}
	return nil, fmt.Errorf("peer knows no op %q", asked.Op)
}

// kindOf names what asynq's public sentinels say; a panic of asynq's own code is told apart from its errors.
func kindOf(err error) string {
	text := err.Error()
	switch {
	case errors.Is(err, asynq.ErrDuplicateTask):
		return "duplicate"
	case errors.Is(err, asynq.ErrTaskIDConflict):
		return "id_conflict"
	case errors.Is(err, asynq.ErrQueueNotFound):
		return "queue_not_found"
	case errors.Is(err, asynq.ErrTaskNotFound):
		return "task_not_found"
	case errors.Is(err, asynq.ErrQueueNotEmpty):
		return "queue_not_empty"
	case strings.HasPrefix(text, "panic: "):
		return "panic"
	}
	return "other"
}

// command runs one Redis command, for what no inspector shows.
func (p *peer) command(args json.RawMessage) (any, error) {
	var words []any
	if err := json.Unmarshal(args, &words); err != nil {
		return nil, err
	}
	connection := p.redis.MakeRedisClient().(redis.UniversalClient)
	defer connection.Close()
	answer, err := connection.Do(context.Background(), words...).Result()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	return jsonable(answer), err
}

func jsonable(answer any) any {
	switch answer := answer.(type) {
	case []any:
		for index, item := range answer {
			answer[index] = jsonable(item)
		}
	case map[any]any:
		object := map[string]any{}
		for name, value := range answer {
			object[fmt.Sprint(name)] = jsonable(value)
		}
		return object
	}
	return answer
}
