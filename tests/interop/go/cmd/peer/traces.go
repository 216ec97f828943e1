package main

import (
	"context"
	"encoding/json"

	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

var (
	traces     = propagation.TraceContext{}
	tracesMade = sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.AlwaysSample()))
)

// enqueueTraced enqueues a task inside a span, whose trace it writes into the task's headers.
func (p *peer) enqueueTraced(args json.RawMessage) (any, error) {
	var spec taskSpec
	if err := json.Unmarshal(args, &spec); err != nil {
		return nil, err
	}
	ctx, span := tracesMade.Tracer("peer").Start(context.Background(), "enqueue", trace.WithSpanKind(trace.SpanKindProducer))
	defer span.End()
	headers := map[string]string{}
	for name, value := range spec.Headers {
		headers[name] = value
	}
	traces.Inject(ctx, propagation.MapCarrier(headers))
	spec.Headers = headers
	if _, err := p.client.EnqueueContext(ctx, spec.task(), spec.Options.options()...); err != nil {
		return nil, err
	}
	return map[string]string{"traceId": span.SpanContext().TraceID().String(), "spanId": span.SpanContext().SpanID().String()}, nil
}

// sentBy is the trace and span that a task's headers name; empty where they name none.
func sentBy(headers map[string]string) (traceID, spanID string) {
	sent := trace.SpanContextFromContext(traces.Extract(context.Background(), propagation.MapCarrier(headers)))
	if !sent.IsValid() {
		return "", ""
	}
	return sent.TraceID().String(), sent.SpanID().String()
}
