package knownpasswords

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
)

func TestS04_KnownPasswords(t *testing.T) {
	for _, p := range []string{"password", "Password", "12345678", "1234567890", "trustno1", "iloveyou", "qwertyuiop", "1q2w3e4r", "superman", "baseball"} {
		if !Contains(p) {
			t.Errorf("%q is not known", p)
		}
	}
	for _, p := range []string{"", "pass", "correct horse battery staple", "password ", "vyxkqoqlehp"} {
		if Contains(p) {
			t.Errorf("%q is known", p)
		}
	}
}

func TestListIsSortedAndOfItsSize(t *testing.T) {
	if Len() != 12000 || len(list) != Len()*size {
		t.Fatalf("%d bytes, %d entries", len(list), Len())
	}
	var all []string
	for i := range Len() {
		all = append(all, list[i*size:(i+1)*size])
	}
	if !slices.IsSorted(all) || len(slices.Compact(all)) != Len() {
		t.Error("not sorted, or not distinct")
	}
}

// The false alarms are as rare as the package comment says.
func TestOtherPasswordsAreNotTaken(t *testing.T) {
	for i := range 200_000 {
		if p := "other password " + strconv.Itoa(i*7919); Contains(p) {
			t.Errorf("%q is taken for a known one", p)
		}
	}
}

func Example() {
	fmt.Println(Contains("Trustno1"), Contains("four words chosen by dice"))
	// Output: true false
}
