package main

import "sync/atomic"

// tally notes whether each task of a run was processed, and once. Tasks carry numbers from 0 up, so that a lost one and
// a doubled one do not cancel each other out.
type tally struct {
	seen      []atomic.Int32
	ran       atomic.Int64
	different atomic.Int64
	notOurs   atomic.Int64
	all       chan struct{}
}

func newTally(total int) *tally {
	return &tally{seen: make([]atomic.Int32, total), all: make(chan struct{})}
}

// add notes that a task has run, and gives how many have by now.
func (t *tally) add(number int) int64 {
	ran := t.ran.Add(1)
	if number < 0 || number >= len(t.seen) {
		t.notOurs.Add(1)
		return ran
	}
	if t.seen[number].Add(1) == 1 && t.different.Add(1) == int64(len(t.seen)) {
		close(t.all)
	}
	return ran
}

// faults are figures that are 0 when nothing went wrong.
func (t *tally) faults(leftBehind int) []figure {
	twice := t.ran.Load() - t.different.Load() - t.notOurs.Load()
	return []figure{
		{"lost", float64(int64(len(t.seen)) - t.different.Load()), "tasks"},
		{"ran twice", float64(twice), "tasks"},
		{"not ours", float64(t.notOurs.Load()), "tasks"},
		{"left behind", float64(leftBehind), "tasks"},
	}
}
