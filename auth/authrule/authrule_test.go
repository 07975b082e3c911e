package authrule_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/auth/authrule"
)

var update = flag.Bool("update", false, "write the table into doc.go")

// TestNoCellIsEmpty: each change in each state has its proofs or the reason why it is
// refused, somebody who is told, and a way back.
func TestNoCellIsEmpty(t *testing.T) {
	n := 0
	for _, s := range authrule.States() {
		for _, c := range authrule.Changes() {
			n++
			cell := authrule.Of(s, c)
			if (len(cell.AtOnce) == 0) == (cell.Refused == "") {
				t.Errorf("%s, %s: enough is %v, refused is %q; one of the two is wanted", s, c, cell.AtOnce, cell.Refused)
			}
			if len(cell.Told) == 0 || len(cell.Back) == 0 {
				t.Errorf("%s, %s: told are %v, back are %v", s, c, cell.Told, cell.Back)
			}
			for _, enough := range cell.AtOnce {
				if enough == 0 {
					t.Errorf("%s, %s: nothing is enough", s, c)
				}
				if enough&authrule.ByWait != 0 && (cell.Wait == 0 || !enough.Has(cell.Wait)) {
					t.Errorf("%s, %s: %v needs a wait that %v begins", s, c, enough, cell.Wait)
				}
			}
		}
	}
	if n != 8*7 {
		t.Errorf("there are %d cells", n)
	}
	if len(authrule.OfWait.Told) == 0 || len(authrule.OfWait.Back) == 0 {
		t.Error("nobody is told of a wait, or can stop it")
	}
	if c := authrule.Of("another", authrule.AddFactor); c.Refused == "" {
		t.Error("a state that is none is not refused")
	}
}

// TestOneProofIsNeverEnough: where a mailbox or a factor is there, no single proof but that of
// a factor is enough.
func TestOneProofIsNeverEnough(t *testing.T) {
	for _, s := range []authrule.State{authrule.Mailbox, authrule.MailboxAlone} {
		for _, c := range authrule.Changes() {
			for _, one := range []authrule.Proofs{0, authrule.ByPassword, authrule.ByMailbox, authrule.ByWait} {
				if v := authrule.Of(s, c).Verdict(one); v == authrule.AtOnce {
					t.Errorf("%s, %s: %v is enough", s, c, one)
				}
			}
		}
	}
	for _, c := range authrule.Changes() {
		for have := range authrule.Proofs(16) {
			want := authrule.Prove
			if have.Has(authrule.ByFactor) {
				want = authrule.AtOnce
			}
			if v := authrule.Of(authrule.Factor, c).Verdict(have); v != want {
				t.Errorf("with a factor, %s, %v: %s", c, have, v)
			}
		}
	}
}

// TestMoreProofsNeverHurt: who proves more is not worse off.
func TestMoreProofsNeverHurt(t *testing.T) {
	for _, s := range authrule.States() {
		for _, c := range authrule.Changes() {
			cell := authrule.Of(s, c)
			for have := range authrule.Proofs(16) {
				if cell.Verdict(have) != authrule.AtOnce {
					continue
				}
				for more := range authrule.Proofs(16) {
					if v := cell.Verdict(have | more); v != authrule.AtOnce {
						t.Errorf("%s, %s: %v is enough, with %v it is %s", s, c, have, more, v)
					}
				}
			}
		}
	}
}

func TestMissing(t *testing.T) {
	cell := authrule.Of(authrule.Mailbox, authrule.AddFactor)
	for have, want := range map[authrule.Proofs]string{
		0:                                        "[password and mailbox password and wait]",
		authrule.ByPassword:                      "[mailbox wait]",
		authrule.ByMailbox:                       "[password password and wait]",
		authrule.ByPassword | authrule.ByMailbox: "[]",
	} {
		if got := fmt.Sprint(cell.Missing(have)); got != want {
			t.Errorf("with %v: %s, want %s", have, got, want)
		}
	}
	if v := cell.Verdict(authrule.ByPassword); v != authrule.Waits {
		t.Errorf("with the password a wait can begin, got %s", v)
	}
	if v := authrule.Of(authrule.Newcomer, authrule.AddFactor).Verdict(authrule.ByPassword); v != authrule.Refused {
		t.Errorf("a newcomer adds a factor: %s", v)
	}
}

// TestDocHasTheTable: the comment of the package is generated from the data. -update writes
// it.
func TestDocHasTheTable(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "// # The table\n//\n", "package authrule\n"
	before, rest, ok := strings.Cut(string(doc), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("doc.go has no place for the table")
	}
	want := before + begin + table() + end + after
	if want == string(doc) {
		return
	}
	if *update {
		if err := os.WriteFile("doc.go", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Error("doc.go is not what the data say; run the test with -update")
}

func table() string {
	var b strings.Builder
	line := func(format string, args ...any) {
		b.WriteString(strings.TrimRight("//\t"+fmt.Sprintf(format, args...), " \t") + "\n")
	}
	says := func(c authrule.Cell) string {
		if c.Refused != "" {
			return "refused: " + string(c.Refused)
		}
		var sets []string
		for _, set := range c.AtOnce {
			sets = append(sets, set.String())
		}
		out := strings.Join(sets, ", or ")
		if c.Wait != 0 {
			out += "; a wait begins by " + c.Wait.String()
		}
		return out
	}
	line("%-28s %-22s %s", "the account has", "change", "enough at once")
	for _, s := range authrule.States() {
		var order []string
		of := map[string][]string{}
		for _, c := range authrule.Changes() {
			text := says(authrule.Of(s, c))
			if !slices.Contains(order, text) {
				order = append(order, text)
			}
			of[text] = append(of[text], string(c))
		}
		name := string(s)
		for _, text := range order {
			changes := of[text]
			if len(order) == 1 {
				changes = []string{"every change"}
			}
			for i, c := range changes {
				if i == 0 {
					line("%-28s %-22s %s", name, c, text)
				} else {
					line("%-28s %-22s the same", "", c)
				}
				name = ""
			}
		}
	}
	line("")
	line("%-22s %-28s %s", "change", "told", "stopped or taken back by")
	join := func(c authrule.Cell) (told, back string) {
		var t, b []string
		for _, x := range c.Told {
			t = append(t, string(x))
		}
		for _, x := range c.Back {
			b = append(b, string(x))
		}
		return strings.Join(t, ", "), strings.Join(b, ", ")
	}
	for _, c := range authrule.Changes() {
		told, back := join(authrule.Of(authrule.Factor, c))
		line("%-22s %-28s %s", c, told, back)
	}
	told, back := join(authrule.OfWait)
	line("%-22s %-28s %s", "a wait that begins", told, back)
	return b.String()
}
