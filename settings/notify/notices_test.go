package notify_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authrule"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/settings/notify"
)

// feedOnly are the events that nobody gets a notice of, and why.
var feedOnly = map[activity.Kind]string{
	authevent.Disabled:               "the host did it, and says so in words of its own if the person shall know",
	authevent.Enabled:                "the host did it, and says so in words of its own if the person shall know",
	authevent.Registered:             "who signs up knows it, and the link to prove the address is mailed",
	authevent.SignIn:                 "mail about each would teach people to delete what matters",
	authevent.SignInFailed:           "whoever knows a user name could send its owner mail",
	authevent.SignOut:                "done in the session that it ends",
	authevent.Reauthenticated:        "happens before every change that matters, which has its own notice",
	authevent.ReauthenticationFailed: "as failed sign-ins",
	authevent.SecondFactorFailed:     "as failed sign-ins",
	authevent.FactorNotConfirmed:     "who mistypes a code while setting up is there and sees it",
	authevent.ResetRequested:         "MessageReset goes out, with a link that it was not me",
	authevent.EmailChangeRequested:   "MessageEmailChanging goes to the address of before, with a link that takes it back",
	authevent.WaitBegun:              "authmail.Wait goes out, with a link that it was not me",
	authevent.RecoveryRequested:      "MessageFactorRecovery goes out, with a link that it was not me",
	profile.KindUpdated:              "people change their profile all day",
	picture.KindChanged:              "as profiles, and everybody who may see it sees it",
	picture.KindRemoved:              "as changed pictures",
	settings.KindChanged:             "people change their settings all day, and none switches the mail of category security off",
}

// kindsOf are the exported constants of type activity.Kind in a package's source.
func kindsOf(t *testing.T, dir string) map[string]activity.Kind {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]activity.Kind{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, src, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || !isKind(spec.Type) {
				return true
			}
			for i, id := range spec.Names {
				lit, ok := spec.Values[i].(*ast.BasicLit)
				if !ok {
					t.Fatalf("%s: the value of %s is no literal", name, id.Name)
				}
				value, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				if id.IsExported() {
					kinds[id.Name] = activity.Kind(value)
				}
			}
			return true
		})
	}
	return kinds
}

// allKinds are the kinds of events of every package of the module that hosts import,
// by its folder.
func allKinds(t *testing.T) map[string]map[string]activity.Kind {
	t.Helper()
	all := map[string]map[string]activity.Kind{}
	for _, top := range []string{"activity", "auth", "httpadapter", "profile", "settings", "storage"} {
		err := filepath.WalkDir(filepath.Join("../..", top), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.IsDir() {
				return err
			}
			if strings.HasSuffix(d.Name(), "test") || d.Name() == "testdata" { // conformance suites have events of their own
				return fs.SkipDir
			}
			if kinds := kindsOf(t, path); len(kinds) > 0 {
				all[strings.TrimPrefix(filepath.ToSlash(path), "../../")] = kinds
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// isKind reports whether a type is written as activity.Kind.
func isKind(e ast.Expr) bool {
	sel, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	pkg, ok := sel.X.(*ast.Ident)
	return ok && pkg.Name == "activity" && sel.Sel.Name == "Kind"
}

// S22: every event there is has a notice, or a reason to have none.
func TestS22_EveryEventIsToldOrNotForAReason(t *testing.T) {
	seen := map[activity.Kind]bool{}
	// How many kinds each package has at least, so that none is overlooked.
	least := map[string]int{"auth/authevent": 28, "profile": 6, "profile/picture": 2, "settings": 1}
	for dir, kinds := range allKinds(t) {
		if least[dir] == 0 {
			t.Errorf("%s has kinds of events, and is not in the list", dir)
		}
		if len(kinds) < least[dir] {
			t.Errorf("%d kinds in %s, there were %d", len(kinds), dir, least[dir])
		}
		delete(least, dir)
		for name, kind := range kinds {
			seen[kind] = true
			name = dir + "." + name
			_, told := notify.Notices[kind]
			switch why := feedOnly[kind]; {
			case told && why != "":
				t.Errorf("%s has a notice, and a reason to have none", name)
			case told && notify.Happened[kind] == "":
				t.Errorf("%s has a notice without words", name)
			case !told && why == "":
				t.Errorf("%s has no notice, and there is no reason", name)
			}
		}
	}
	for dir := range least {
		t.Errorf("no kinds of events were found in %s", dir)
	}
	for kind := range feedOnly {
		if !seen[kind] {
			t.Errorf("%s is a reason without an event", kind)
		}
	}
	for kind := range notify.Notices {
		if !seen[kind] {
			t.Errorf("%s is a notice without an event", kind)
		}
	}
}

// S22: what every notice of category security says, and that it has the link "this
// was not me", unless it could not help.
func TestS22_SecurityNoticesHaveTheLink(t *testing.T) {
	p := open(t, memstore.New())
	u, err := p.db.Users().Create(t.Context(), profile.User{Username: "ada", Email: "ada@example.org", EmailVerified: true})
	if err != nil {
		t.Fatal(err)
	}
	for kind, category := range notify.Notices {
		before := len(p.mail.letters())
		err := p.db.InTx(t.Context(), func(ctx context.Context) error {
			return p.Record(ctx, activity.NewEvent(ctx, kind, u.ID, p.now, nil))
		})
		if err != nil {
			t.Fatal(err)
		}
		for p.flush(t) > 0 {
		}
		letters := p.mail.letters()[before:]
		if len(letters) != 1 {
			t.Errorf("%s: %d mails", kind, len(letters))
			continue
		}
		words, _, _ := strings.Cut(notify.Happened[kind], "{")
		if !strings.Contains(letters[0].Text, words) || !strings.Contains(letters[0].HTML, "<") {
			t.Errorf("%s: %q", kind, letters[0].Text)
		}
		if has := strings.Contains(letters[0].Text, "not-me#token=for-"+u.ID); has == notify.WithoutReport[kind] || !has && category == notify.Security && kind != authevent.Reported && kind != profile.KindDeleted {
			t.Errorf("%s: the link is there: %v", kind, has)
		}
	}
}

// happens are the events of the changes that the rule "two proofs, or a wait" governs.
var happens = map[authrule.Change]activity.Kind{
	authrule.AddFactor:    authevent.FactorAdded,
	authrule.RemoveFactor: authevent.FactorRemoved,
	authrule.RenewCodes:   authevent.RecoveryCodesMade,
	authrule.ChangePhone:  authevent.FactorAdded,
	authrule.ChangeEmail:  authevent.EmailChangeRequested,
	authrule.TrustDevice:  authevent.DeviceTrusted,
	authrule.DeleteAtOnce: profile.KindDeletionRequested,
}

// TestTheRuleSaysWhoIsTold: a change whose cell says that the address is told has a notice,
// and one whose cell says that its reader may answer "this wasn't me" has that link. A change
// of the address has a message of its own, to the old one.
func TestTheRuleSaysWhoIsTold(t *testing.T) {
	for _, change := range authrule.Changes() {
		cell, kind := authrule.Of(authrule.Mailbox, change), happens[change]
		if kind == "" {
			t.Errorf("nobody has said by which event %s is told", change)
		}
		if change == authrule.ChangeEmail {
			if !slices.Contains(cell.Told, authrule.OldAddress) || feedOnly[kind] == "" {
				t.Errorf("%s: told are %v, and the reason for no notice is %q", change, cell.Told, feedOnly[kind])
			}
			continue
		}
		if _, noticed := notify.Notices[kind]; noticed != slices.Contains(cell.Told, authrule.Address) {
			t.Errorf("%s: told are %v, and %s has a notice: %v", change, cell.Told, kind, noticed)
		}
		if slices.Contains(cell.Back, authrule.NotMe) && notify.WithoutReport[kind] {
			t.Errorf("%s: its notice has no link that it was not me", change)
		}
	}
}
