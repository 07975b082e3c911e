package auth_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authrule"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings/input"
	"github.com/profilekit/profilekit/storage"
)

// options are the state that an account begins in, and what the host and the owner are like.
type options struct {
	// proved, old: the address was proved, and the account is older than a week.
	proved, old bool
	// app, key, sms, email, device: what the account has; moved: its owner changed the address.
	app, key, sms, email, device, moved bool
	// recovery, each, alone: Config.FactorRecovery, Config.ProofForEach and Codes.Alone. fooled:
	// the host's desk believes the adversary.
	recovery, each, alone, fooled bool
	// reading: the owner reads all mail within every: less than any wait. lost: at the end
	// the owner has no factor any more, and desk neither mailbox nor password.
	reading, lost, desk bool
	every               time.Duration
	// grace is how long a deletion can be taken back: longer than every, and than a host
	// has the account disabled.
	grace time.Duration
}

func (o options) String() string {
	var list []string
	for name, on := range map[string]bool{
		"proved": o.proved, "old": o.old, "app": o.app, "key": o.key, "sms": o.sms, "email": o.email, "device": o.device, "moved": o.moved,
		"recovery": o.recovery, "fooled": o.fooled, "each": o.each, "alone": o.alone, "reading": o.reading, "lost": o.lost, "desk": o.desk,
	} {
		if on {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return "[" + strings.Join(list, " ") + "]"
}

// flow is one account with its owner and one adversary.
type flow struct {
	*post
	ctx  context.Context
	seed uint64
	rnd  *rand.Rand
	kind kind
	opt  options

	userID             string
	name               string
	owner, thief, host *actor
	proved             map[string]*proved

	// acting is who acts now, causes is whose step each message came of.
	acting *actor
	causes []*actor
	seen   map[*actor]int
	// attended is how many letters the owner has thought about.
	attended int

	password   string // the present one, "" when it must be reset
	made       int    // of passwords
	lastReset  time.Time
	waitFrom   time.Time
	recoveryBy *actor
	stolen     int
	// movedUnproved: the adversary moved the account before its address was proved.
	// excused: a factor of the owner may go by the adversary's present step.
	// handed: the desk gave it to the adversary, and nobody read of that.
	movedUnproved, excused, handed bool
	// endedBy is who asked for the deletion that is pending, and opensAt when the host
	// enables the account again.
	endedBy *actor
	opensAt time.Time
	// undone is when the last change began that the owner took back, and undoneAt when.
	undone, undoneAt time.Time
	// unproved are the links that undo a change of an address that was not proved.
	unproved map[string]bool

	reached map[string]int
	steps   []string
	faults  []string
}

// owners and thieves are where the two get their mail and text messages.
const (
	ownersPhone  = "+41791234567"
	thievesPhone = "+41790000000"
)

// runFlow runs the flow of a seed. Whatever is random in it is random by the seed, but for
// the secrets.
func runFlow(t testing.TB, db database, seed uint64) *flow {
	f := &flow{
		ctx: t.Context(), seed: seed, rnd: rand.New(rand.NewPCG(seed, 7)), kind: kinds[seed%uint64(len(kinds))],
		name: fmt.Sprintf("ada%d", seed), proved: map[string]*proved{}, seen: map[*actor]int{}, unproved: map[string]bool{}, reached: map[string]int{},
	}
	some := func(of int) bool { return f.rnd.IntN(of) == 0 }
	f.opt = options{
		proved: !some(4), old: some(2), app: some(2), sms: some(3), email: some(3), device: some(2), moved: some(3),
		recovery: some(2), each: some(4), alone: some(2), reading: some(2), lost: some(3), every: time.Duration(1+f.rnd.IntN(60)) * time.Hour,
		key: some(3), desk: some(6), fooled: some(3), grace: time.Duration(3+f.rnd.IntN(12)) * 24 * time.Hour,
	}
	if f.opt.desk {
		f.opt.grace = profile.DefaultDeletionGrace // longer than a handover takes
	}
	totp, _ := withTOTP(t)
	keys, err := modelPasskeys()
	if err != nil {
		t.Fatal(err)
	}
	f.post = openPost(t, db, totp, withCodes(t), limitsOff, holding(t, db), func(c *auth.Config) {
		c.Logger = slog.New(slog.DiscardHandler)
		c.ProofForEach, c.Codes.Alone, c.Recorder = f.opt.each, f.opt.alone, teller{f}
		if f.opt.recovery {
			c.FactorRecovery.Wait = auth.RecoveryWait
		}
		c.Passkeys = keys
		withGrace(t, f.opt.grace)(c)
	})
	f.owner = newActor("owner", ownersPhone, f.name+"@example.org", f.name+"@example.net")
	f.thief = newActor("adversary", thievesPhone, "eve"+f.name+"@example.com", "eve"+f.name+"@example.edu")
	f.host = newActor("host", "")
	f.begin()
	for range 30 + f.rnd.IntN(50) {
		switch n := f.rnd.IntN(20); {
		case n < 11:
			f.random(f.thief, thiefs)
		case n < 16:
			f.random(f.owner, owners)
		case n == 16 && some(6):
			f.random(f.host, hosts)
		default:
			f.pass(someTime(f.rnd))
		}
		if len(f.faults) > 0 {
			return f
		}
		if f.gone() {
			f.erased()
			return f
		}
	}
	f.end()
	return f
}

// someTime is seconds to days.
func someTime(rnd *rand.Rand) time.Duration {
	unit := []time.Duration{time.Second, time.Minute, time.Hour, time.Hour, 24 * time.Hour}[rnd.IntN(5)]
	return unit * time.Duration(1+rnd.IntN(map[bool]int{true: 8, false: 40}[unit == 24*time.Hour]))
}

// pass lets time pass. An owner who reads the mail does so meanwhile.
func (f *flow) pass(d time.Duration) {
	f.steps = append(f.steps, fmt.Sprintf("%v pass", d))
	for d > 0 {
		next := d
		if f.opt.reading {
			next = min(next, f.opt.every)
		}
		if !f.opensAt.IsZero() {
			next = max(min(next, f.opensAt.Sub(f.clock.now())), time.Second)
		}
		f.clock.add(next)
		d -= next
		if !f.opensAt.IsZero() && !f.clock.now().Before(f.opensAt) {
			f.do(f.host, step{"enable", (*flow).enable})
		}
		if f.opt.reading {
			f.attend()
		}
	}
}

// random does a step at random that has something to do.
func (f *flow) random(a *actor, of []step) {
	for range 5 {
		if !errors.Is(f.do(a, of[f.rnd.IntN(len(of))]), errNothing) {
			return
		}
	}
}

// step is something that an actor does.
type step struct {
	name string
	do   func(f *flow, a *actor) error
}

// do does a step and looks at what it did.
func (f *flow) do(a *actor, s step) error {
	owned, outer := f.owned(), f.acting
	f.caused(outer) // what a step within another came upon
	f.acting, f.excused = a, false
	f.clock.add(time.Second) // no two people do something at the same instant
	err := s.do(f, a)
	f.caused(a)
	f.acting = outer
	if errors.Is(err, errNothing) {
		return err
	}
	at := f.clock.now().Format("01-02 15:04:05")
	if err == nil {
		f.steps = append(f.steps, fmt.Sprintf("%s %s: %s", at, a.name, s.name))
	} else {
		f.steps = append(f.steps, fmt.Sprintf("%s %s: %s: %v", at, a.name, s.name, err))
	}
	if !refusal(err) {
		f.fault("%s: %s: %v", a.name, s.name, err)
	}
	if _, ok := errors.AsType[*authrule.NeededError](err); ok || errors.Is(err, profile.ErrNotFresh) {
		f.note(a, "was refused for want of a proof")
	}
	if a == f.thief && !a.two && !f.excused && len(f.owned()) < len(owned) {
		f.fault("a factor of the owner went by an adversary who never held two proofs: %s", s.name)
	}
	return err
}

// owned are the owner's factors that are on the account.
func (f *flow) owned() (ids []string) {
	for _, r := range f.records() {
		if f.owner.factors[r.ID] {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// refusal reports whether err is nil or something that a caller may be told.
func refusal(err error) bool {
	if err == nil {
		return true
	}
	for _, known := range []error{
		auth.ErrInvalidCredentials, auth.ErrUnauthenticated, auth.ErrInvalidToken, auth.ErrPasswordResetRequired, auth.ErrInvalidCode,
		auth.ErrNoFactor, auth.ErrLastFactor, auth.ErrCodeAlone, profile.ErrNotFresh, storage.ErrTaken, storage.ErrNotFound,
	} {
		if errors.Is(err, known) {
			return true
		}
	}
	if _, ok := errors.AsType[*authrule.NeededError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*input.InvalidError](err); ok {
		return true
	}
	_, ok := errors.AsType[*authrule.TooEarlyError](err)
	return ok
}

// caused notes whose step the messages came of that are new.
func (f *flow) caused(a *actor) {
	for len(f.causes) < f.mail.count() {
		f.causes = append(f.causes, a)
	}
}

// causeOf is whose step a message came of.
func (f *flow) causeOf(i int) *actor {
	if i < len(f.causes) {
		return f.causes[i]
	}
	return f.acting
}

// note counts that the flow came to a state.
func (f *flow) note(a *actor, what string) { f.reached[a.name+": "+what]++ }

func (f *flow) fault(format string, args ...any) {
	f.faults = append(f.faults, fmt.Sprintf(format, args...))
}

func (f *flow) must(what string, err error) {
	if err != nil {
		f.fault("%s: %v", what, err)
	}
}

// newPassword is one that nobody knows yet.
func (f *flow) newPassword(a *actor) string {
	f.made++
	return fmt.Sprintf("secret of the %s, number %d", a.name, f.made)
}

// ended is what a new password, a new address and a report end.
func (f *flow) ended() { f.waitFrom, f.recoveryBy = time.Time{}, nil }

// teller tells the owner of changes as settings/notify does, with the link "this wasn't me".
type teller struct{ f *flow }

// told are what there are notices of.
var told = []activity.Kind{
	authevent.PasswordChanged, authevent.PasswordReset, authevent.FactorAdded, authevent.FactorRemoved, authevent.RecoveryCodesMade,
	authevent.FactorsRecovered, authevent.DeviceTrusted, authevent.SessionsEnded, authevent.EmailChanged, authevent.EmailChangeUndone,
	profile.KindDeletionRequested, profile.KindRestored,
}

func (n teller) Record(ctx context.Context, events ...activity.Event) error {
	for _, e := range events {
		if !slices.Contains(told, e.Kind) {
			continue
		}
		u, err := n.f.db.Users().User(ctx, e.UserID)
		if err != nil {
			return err
		}
		link, err := n.f.ReportLink(ctx, u.ID, u.Email)
		if err != nil {
			return err
		}
		err = n.f.mail.Deliver(ctx, authmail.Message{Kind: authmail.Notice, Channel: authmail.ByEmail, To: u.Email, UserID: u.ID, Report: link, Event: string(e.Kind)})
		if err != nil {
			return err
		}
	}
	return nil
}
