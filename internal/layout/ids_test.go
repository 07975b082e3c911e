package layout

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// last are the numbers of the last requirement of each kind: S are security checks, P
// failures of peers, R faults and loads. None is left out between.
var last = map[string]int{"S": 71, "P": 57, "R": 44}

// untested are the requirements that no test's name can carry, with the reason.
var untested = map[string]string{
	"R40": "It is the tests of R10 to R18, 20 times under the race detector: `.ci/long` runs them so.",
}

// everyID is all of them, in order.
func everyID() (ids []string) {
	for _, kind := range []string{"P", "R", "S"} {
		for n := 1; n <= last[kind]; n++ {
			ids = append(ids, fmt.Sprintf("%s%02d", kind, n))
		}
	}
	return ids
}

// TestEveryRequirementHasATestOrAReason, one of both, and no test carries an id that
// there is not.
func TestEveryRequirementHasATestOrAReason(t *testing.T) {
	tests := testsByID(t)
	for _, id := range everyID() {
		switch why, has := untested[id]; {
		case len(tests[id]) == 0 && !has:
			t.Errorf("no test carries the id %s, and untested has no reason", id)
		case len(tests[id]) > 0 && has:
			t.Errorf("%s has a test and a reason why it has none: %s", id, why)
		}
	}
	for id, names := range tests {
		if !slices.Contains(everyID(), id) {
			t.Errorf("%s of %s is no requirement", id, strings.Join(names, ", "))
		}
	}
	for id := range untested {
		if !slices.Contains(everyID(), id) {
			t.Errorf("%s is no requirement", id)
		}
	}
}
