package activity_test

import (
	"testing"

	"github.com/profilekit/profilekit/activity"
)

func TestSourceInDetail(t *testing.T) {
	want := activity.Source{IP: "203.0.113.0/24", Device: "Firefox on Linux", Place: "Vienna"}
	detail := want.Detail()
	detail["method"] = "totp"
	if got := activity.SourceIn(detail); got != want {
		t.Errorf("SourceIn = %+v, want %+v", got, want)
	}
	old := map[string]string{"ip": want.IP, "device": want.Device}
	if got := activity.SourceIn(old); got != (activity.Source{IP: want.IP, Device: want.Device}) {
		t.Errorf("of an older release: %+v", got)
	}
	if got := activity.SourceIn(nil); got != (activity.Source{}) {
		t.Errorf("of nobody: %+v", got)
	}
}
