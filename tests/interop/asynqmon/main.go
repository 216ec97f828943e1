// Command asynqmon serves asynqmon, Go's web tool, with its own version of asynq.
//
//	asynqmon <host:port of redis>
//
// It says where it listens in one JSON line on stdout: {"address":"127.0.0.1:8080"}. What it logs, panics of
// its handlers among that, goes to stderr. It ends when its stdin does.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/hibiken/asynq"
	"github.com/hibiken/asynqmon"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatalf("expected one argument, Redis' host:port, got %d", len(os.Args)-1)
	}
	tool := asynqmon.New(asynqmon.Options{
		RootPath:     "/",
		RedisConnOpt: asynq.RedisClientOpt{Addr: os.Args[1]},
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatalf("listen on a free port of 127.0.0.1: %v", err)
	}
	go func() {
		// Whoever drove us is gone.
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	fmt.Printf("{\"address\":%q}\n", listener.Addr())
	log.Fatal(http.Serve(listener, tool))
}
