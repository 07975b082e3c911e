package httpadapter

import (
	"cmp"
	"context"
	"log/slog"
	"slices"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authfactor"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authrule"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/storage"
)

// State is whether a feature works.
type State string

// The states of a Feature.
const (
	On  State = "on"
	Off State = "off"
	// Hidden: a store could do it, but a decorator around the store has no Unwrap. See
	// storage.As.
	Hidden State = "hidden"
)

// Feature is something that an App does or does not do, depending on its Config.
type Feature struct {
	Name  string
	State State
	// Why says, unless State is On, what it would need. It is for whoever wires the
	// App together and may name types of the program.
	Why string
	// Internal features make no difference to clients, so that {base}/capabilities
	// leaves them out.
	Internal bool
}

// features collects them.
type features struct{ list []Feature }

// on adds a feature that is on if it is, and else off for the reason why.
func (f *features) on(name string, is bool, why string) {
	f.add(Feature{Name: name, State: Off, Why: why}, is)
}

// able adds a feature that is on if it is, and else off, or hidden, as found.
func (f *features) able(name string, is bool, why string, hidden bool) {
	state := Off
	if hidden {
		state = Hidden
	}
	f.add(Feature{Name: name, State: state, Why: why}, is)
}

func (f *features) add(one Feature, is bool) {
	if is {
		one.State, one.Why = On, ""
	}
	f.list = append(f.list, one)
}

// internal marks the newest one.
func (f *features) internal() { f.list[len(f.list)-1].Internal = true }

// Features lists what is on, off and hidden, and why, always in the same order.
func (a *App) Features() []Feature {
	var f features
	a.signInFeatures(&f)
	a.pictureFeatures(&f)
	stores := a.cfg.Stores
	why, hidden := storage.Missing[profile.DeletableStore](stores.Users)
	f.able("deletion", a.Deletions != nil, why, hidden)
	f.on("export", true, "")
	f.on("activity", true, "")
	f.on("heldNames", stores.Holds != nil && a.cfg.Profile.NameHold >= 0, "there is no Stores.Holds, or Profile.NameHold is negative")
	f.on("notices", a.Notifier != nil, "Config.Mail has no Senders")
	f.on("limits", limited(stores.Limits), "Stores.Limits is limit.Off")
	f.internal() // who tries passwords need not be told
	f.on("legacyRoutes", !a.cfg.HTTP.NoLegacy, "HTTP.NoLegacy is set")
	f.on("otherOrigins", len(a.cfg.HTTP.TrustedOrigins) > 0, "HTTP.TrustedOrigins is empty")
	f.on("places", a.cfg.HTTP.Place != nil, "there is no HTTP.Place")
	f.on("recorder", a.recorder.host != nil, "there is no Config.Recorder")
	f.internal()
	return f.list
}

// limited reports whether s limits anything.
func limited(s limit.Store) bool {
	_, off := storage.As[limit.Off](s)
	_, pointer := storage.As[*limit.Off](s)
	return !off && !pointer
}

func (a *App) signInFeatures(f *features) {
	own := a.Auth != nil
	p := a.cfg.Auth
	// here is whether it is on with our sign-in, and else the reason.
	here := func(name string, is bool, why string) {
		if !own {
			why = "Config.Authenticator signs people in"
		}
		f.on(name, own && is, why)
	}
	const noMail = "Config.Mail has no Senders, and there is no Auth.Courier"
	here("signIn", true, "")
	here("signUp", p.SignUp != auth.Closed, "Auth.SignUp is closed")
	here("passwordReset", a.mails(), noMail)
	here("emailConfirmation", a.mails(), noMail)
	here("emailChange", a.mails(), noMail)
	here("reports", a.mails(), noMail)
	here("pages", a.mails() && !a.cfg.HTTP.NoPages, "HTTP.NoPages is set, or no mail is sent")
	rule, why := a.twoProofs()
	here("twoProofs", rule, why)
	here("passkeys", p.Passkeys != nil, "there are no Auth.Passkeys")
	here("secondFactors", a.hasFactors(), "Auth.Factors is empty, and there are no Passkeys and Codes")
	here("codesBySMS", slices.Contains(p.Codes.Channels, authmail.BySMS), "Auth.Codes.Channels has no SMS")
	here("codesByEmail", slices.Contains(p.Codes.Channels, authmail.ByEmail), "Auth.Codes.Channels has no e-mail")
	here("trustedDevices", a.hasFactors() && p.Session.Device >= 0, "Auth.Session.Device is negative, or there are no second factors")
	here("factorRecovery", a.recovers(), "Auth.FactorRecovery has no Wait, or no mail is sent")
	here("breachedPasswords", p.Breaches != nil, "there are no Auth.Breaches")
	here("captcha", a.cfg.HTTP.Captcha != nil, "there is no HTTP.Captcha")
	here("sessionCache", p.SessionCache != auth.SessionCache{}, "Auth.SessionCache is zero")
	f.internal()
	if !own {
		here("usersWithSessions", false, "")
		f.internal()
		here("resealing", false, "")
		f.internal()
		return
	}
	joined, why, hidden := a.cfg.Stores.Auth.Joined(a.cfg.Stores.Users)
	f.able("usersWithSessions", joined != nil, why, hidden)
	f.internal()
	why, hidden = a.resealing()
	f.able("resealing", why == "", why, hidden)
	f.internal()
}

// twoProofs reports whether who changes what opens an account shows two proofs, or waits, by
// the rule of package authrule, and why not.
func (a *App) twoProofs() (is bool, why string) {
	p := a.cfg.Auth
	state := cmp.Or(p.WithoutMail, authrule.NoMailPassword)
	switch {
	case !a.mails():
		return false, "no mail is sent; Auth.WithoutMail is " + string(state)
	case p.UnknownAddresses:
		return false, "Auth.UnknownAddresses is set; Auth.WithoutMail is " + string(state)
	}
	return true, ""
}

// resealing says why sealed factors cannot be sealed by another key, or "".
func (a *App) resealing() (why string, hidden bool) {
	if why, hidden = storage.Missing[authstore.FactorWalker](a.cfg.Stores.Auth.Factors); why != "" {
		return why, hidden
	}
	for _, f := range a.cfg.Auth.Factors {
		if why, hidden = storage.Missing[authfactor.Resealer](f); hidden {
			return why, true
		}
	}
	return "", false
}

func (a *App) pictureFeatures(f *features) {
	blobs, ledger := a.cfg.Blobs, a.cfg.Stores.Ledger
	// found adds what one of the stores must be able to do and the host may have to ask for.
	found := func(name string, asked bool, ask string, missing ...func() (string, bool)) {
		if a.Pictures == nil {
			f.on(name, false, "there are no Config.Blobs")
			return
		}
		for _, m := range missing {
			if why, hidden := m(); why != "" {
				f.able(name, false, why, hidden)
				return
			}
		}
		f.on(name, asked, ask)
	}
	found("pictures", true, "")
	found("directUpload", a.cfg.Pictures.Direct, "Pictures.Direct is not set",
		func() (string, bool) { return storage.Missing[storage.DirectUploader](blobs) },
		func() (string, bool) { return storage.Missing[storage.LedgerTaker](ledger) })
	found("signedPictures", a.cfg.Pictures.SignedFor > 0, "Pictures.SignedFor is 0",
		func() (string, bool) { return storage.Missing[storage.SignedURLer](blobs) })
	found("publicPictures", true, "",
		func() (string, bool) { return storage.Missing[storage.PublicURLer](blobs) })
	found("resizedPictures", true, "",
		func() (string, bool) { return storage.Missing[storage.PublicURLer](blobs) },
		func() (string, bool) { return storage.Missing[storage.Resizer](blobs) })
	found("pictureRepair", true, "",
		func() (string, bool) { return storage.Missing[storage.Lister](blobs) },
		func() (string, bool) { return storage.Missing[picture.LedgerWalker](ledger) })
	f.internal()
}

// tellHidden writes down what a decorator hides, which nobody may have meant.
func (a *App) tellHidden() {
	for _, f := range a.Features() {
		if f.State == Hidden {
			a.cfg.Logger.LogAttrs(context.Background(), slog.LevelWarn, "a feature is hidden", slog.String("feature", f.Name), slog.String("why", f.Why))
		}
	}
}
