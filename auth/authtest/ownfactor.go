package authtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth/authfactor"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/profile"
)

// FactorHarness is a Factor to be judged, and what its owner has in hand.
type FactorHarness struct {
	Factor authfactor.Factor
	// Answer is what the owner of a factor that showed show answers at now, the
	// n-th time that the suite asks, from 0. The suite asks at most 5 times.
	Answer func(t *testing.T, show authfactor.Enrollment, n int, now time.Time) string
	// Step is how far now has to move before there is another answer; 0 where
	// answers do not depend on the clock.
	Step time.Duration
}

// RunFactor checks an authfactor.Factor of one-time answers by itself, and then in a
// Service that keeps everything in memory. It calls open once for each subject.
//
// An answer works once, since the Counter rises. Whatever is no right answer
// is ErrInvalidCode, and nothing else is: a failure of the factor, or of the
// context, must not count as a guess.
func RunFactor(t *testing.T, open func(t *testing.T) FactorHarness) {
	t.Helper()
	for _, s := range []struct {
		name  string
		cases func(t *testing.T, f *ownFactor)
	}{
		{"S17 an enrolment", enrollment},
		{"S14 an answer works once", answersOnce},
		{"S14 what is near an answer is none", nearAnswers},
		{"hostile answers", hostileAnswers},
		{"another's answer", anothersAnswer},
		{"damaged data", damagedData},
		{"ended context", endedVerify},
		{"concurrent use", concurrentVerify},
		{"resealed data", resealedData},
		{"in a service", inService},
	} {
		t.Run(s.name, func(t *testing.T) {
			s.cases(t, &ownFactor{FactorHarness: open(t), now: conform.Time()})
		})
	}
}

// ownFactor is a harness and its clock.
type ownFactor struct {
	FactorHarness
	now time.Time
}

// enrolled is somebody with the factor.
type enrolled struct {
	f      *ownFactor
	record authstore.FactorRecord
	show   authfactor.Enrollment
	asked  int
}

// enroll gives a new user a record, as the Service does.
func (f *ownFactor) enroll(t *testing.T) *enrolled {
	t.Helper()
	name := conform.Name("u")
	e := &enrolled{f: f, record: authstore.FactorRecord{
		ID: conform.Name("f"), UserID: name, Kind: f.Factor.Kind(), Pending: true, CreatedAt: f.now, ExpiresAt: f.now.Add(time.Hour),
	}}
	data, show, err := f.Factor.Enroll(conform.Context(t), e.record, profile.User{ID: name, Username: name, Email: name + "@example.org"})
	conform.Must(t, "Enroll", err)
	e.record.Data, e.show = data, show
	return e
}

// answer is a fresh one, some time after the last.
func (e *enrolled) answer(t *testing.T) string {
	t.Helper()
	e.f.now = e.f.now.Add(e.f.Step)
	e.asked++
	return e.f.Answer(t, e.show, e.asked-1, e.f.now)
}

// verify calls Verify, turns a panic into a failure and looks at what every
// outcome has in common.
func (e *enrolled) verify(t *testing.T, ctx context.Context, r authstore.FactorRecord, answer string) (used authstore.FactorRecord, rises bool, err error) {
	t.Helper()
	before := bytes.Clone(r.Data)
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("Verify panicked: %v", p)
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	used, rises, err = e.f.Factor.Verify(ctx, r, answer, e.f.now)
	if !bytes.Equal(r.Data, before) {
		t.Error("Verify wrote into the record that it was given")
	}
	if err != nil {
		for _, secret := range append(e.secrets(), answer) {
			if len(secret) >= 4 && strings.Contains(err.Error(), secret) {
				t.Errorf("the error tells a secret or an answer: %d bytes of it", len(secret))
			}
		}
	}
	return used, rises, err
}

// secrets are the words of what the owner was shown to type.
func (e *enrolled) secrets() []string { return strings.Fields(e.show.Secret) }

// wrong checks that an answer is refused as a guess.
func (e *enrolled) wrong(t *testing.T, r authstore.FactorRecord, what, answer string) {
	t.Helper()
	if _, _, err := e.verify(t, conform.Context(t), r, answer); !errors.Is(err, authfactor.ErrInvalidCode) {
		t.Errorf("%s: %v, want ErrInvalidCode", what, err)
	}
}

// right checks that an answer is taken and returns the record after it.
func (e *enrolled) right(t *testing.T, r authstore.FactorRecord, what, answer string) authstore.FactorRecord {
	t.Helper()
	used, rises, err := e.verify(t, conform.Context(t), r, answer)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if !rises || used.Counter <= r.Counter {
		t.Errorf("%s: rises is %v and the counter went from %d to %d: the answer could be used again", what, rises, r.Counter, used.Counter)
	}
	if used.ID != r.ID || used.UserID != r.UserID || used.Kind != r.Kind || used.Lookup != r.Lookup {
		t.Errorf("%s: the record is another one afterwards", what)
	}
	if err := used.Check(); err != nil {
		t.Errorf("%s: no store would keep the record: %v", what, err)
	}
	return used
}

// beside is how many bytes of MaxData a Factor leaves free: a release of before, which may
// run beside this one during an upgrade, keeps the session of a pending record there.
const beside = 64

func enrollment(t *testing.T, f *ownFactor) {
	if a, b := f.Factor.Kind(), f.Factor.Kind(); a == "" || a != b {
		t.Errorf("the kind is %q and then %q", a, b)
	}
	a, b := f.enroll(t), f.enroll(t)
	for _, e := range []*enrolled{a, b} {
		if len(e.record.Data) > authstore.MaxData-beside {
			t.Errorf("%d bytes of data, want at most %d", len(e.record.Data), authstore.MaxData-beside)
		}
		if err := e.record.Check(); err != nil {
			t.Errorf("no store would keep the record: %v", err)
		}
		for _, secret := range e.secrets() {
			if len(secret) >= 4 && bytes.Contains(e.record.Data, []byte(secret)) {
				t.Error("the data holds a secret as it is")
			}
		}
	}
	if a.show.Secret != "" && a.show.Secret == b.show.Secret {
		t.Error("two people have one secret")
	}
}

func answersOnce(t *testing.T, f *ownFactor) {
	e := f.enroll(t)
	first := e.answer(t)
	once := e.right(t, e.record, "the first answer", first)
	e.wrong(t, once, "the first answer again", first)
	e.wrong(t, once, "the first answer again, with spaces", " "+first+" ")
	second := e.answer(t)
	twice := e.right(t, once, "the second answer", second)
	e.wrong(t, twice, "the second answer again", second)
	e.wrong(t, twice, "the first answer after the second", first)
}

func anothersAnswer(t *testing.T, f *ownFactor) {
	ada, eve := f.enroll(t), f.enroll(t)
	answer := eve.answer(t)
	if mine := f.Answer(t, ada.show, 0, f.now); mine != answer { // short ones may be equal
		ada.wrong(t, ada.record, "the answer of another's factor", answer)
	}
	eve.right(t, eve.record, "the owner's", answer)
}
