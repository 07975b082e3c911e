package memstore_test

import (
	"testing"

	"github.com/profilekit/profilekit/activity/activitytest"
	"github.com/profilekit/profilekit/activity/limit/limittest"
	"github.com/profilekit/profilekit/auth/authtest"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/profile/picture/picturetest"
	"github.com/profilekit/profilekit/profile/profiletest"
	"github.com/profilekit/profilekit/settings/notify/notifytest"
	"github.com/profilekit/profilekit/settings/settingstest"
)

func TestActivity(t *testing.T) {
	activitytest.Run(t, func(*testing.T) activitytest.Harness {
		s := memstore.New()
		return activitytest.Harness{Store: s.Activity(), Tx: s}
	})
}

func TestSettings(t *testing.T) {
	settingstest.Run(t, func(*testing.T) settingstest.Harness {
		s := memstore.New()
		return settingstest.Harness{Store: s.Settings(), Tx: s, Activity: s.Activity()}
	})
}

func TestLedger(t *testing.T) {
	picturetest.RunLedger(t, func(*testing.T) picturetest.Harness {
		s := memstore.New()
		return picturetest.Harness{Ledger: s.Ledger(), Tx: s}
	})
}

func TestUsers(t *testing.T) {
	profiletest.Run(t, func(*testing.T) profiletest.Harness {
		s := memstore.New()
		return profiletest.Harness{Store: s.Users(), Tx: s, Activity: s.Activity()}
	})
}

func TestAuth(t *testing.T) {
	authtest.Run(t, func(*testing.T) authtest.Harness {
		s := memstore.New()
		return authtest.Harness{Stores: s.Auth(), Users: s.Users(), Tx: s, Limits: s.Limits(), Activity: s.Activity()}
	})
}

func TestAuthApart(t *testing.T) {
	authtest.Run(t, func(*testing.T) authtest.Harness {
		s := memstore.New()
		return authtest.Harness{Stores: s.AuthApart(), Tx: s, Limits: s.Limits(), Activity: s.Activity()}
	})
}

func TestHolds(t *testing.T) {
	profiletest.RunHolds(t, func(*testing.T) profiletest.HoldHarness {
		s := memstore.New()
		return profiletest.HoldHarness{Holds: s.Holds(), Tx: s}
	})
}

func TestLimits(t *testing.T) {
	limittest.Run(t, func(*testing.T) limittest.Harness {
		s := memstore.New()
		return limittest.Harness{Store: s.Limits(), Tx: s}
	})
}

func TestOutbox(t *testing.T) {
	notifytest.Run(t, func(*testing.T) notifytest.Harness {
		s := memstore.New()
		return notifytest.Harness{Store: s.Outbox(), Tx: s}
	})
}
