package main

import "testing"

func TestTallyTellsLostDoubledAndForeignTasks(t *testing.T) {
	cases := []struct {
		name    string
		ran     []int
		left    int
		faults  [4]float64
		allDone bool
	}{
		{"all once", []int{2, 0, 1}, 0, [4]float64{0, 0, 0, 0}, true},
		{"one lost", []int{0, 2}, 0, [4]float64{1, 0, 0, 0}, false},
		{"one twice", []int{0, 1, 1, 2}, 0, [4]float64{0, 1, 0, 0}, true},
		{"one lost and one twice", []int{0, 1, 1}, 0, [4]float64{1, 1, 0, 0}, false},
		{"one that nobody enqueued", []int{0, 1, 2, 7}, 0, [4]float64{0, 0, 1, 0}, true},
		{"one that is still there", []int{0, 1, 2}, 1, [4]float64{0, 0, 0, 1}, true},
	}
	for _, c := range cases {
		seen := newTally(3)
		for _, number := range c.ran {
			seen.add(number)
		}
		for index, fault := range seen.faults(c.left) {
			if fault.Value != c.faults[index] {
				t.Errorf("%s: expected %v %s, got %v", c.name, c.faults[index], fault.Name, fault.Value)
			}
		}
		select {
		case <-seen.all:
			if !c.allDone {
				t.Errorf("%s: expected the rest to be waited for", c.name)
			}
		default:
			if c.allDone {
				t.Errorf("%s: expected the wait to be over", c.name)
			}
		}
	}
}
