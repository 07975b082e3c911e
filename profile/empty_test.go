package profile_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/profilekit/profilekit/profile"
)

// Everything that a stranger wrote is gone, field by field of User, so that a new field of a person
// is either emptied or listed here with a reason.
func TestT09_EmptyLeavesNothingThatAPersonWrote(t *testing.T) {
	var full profile.User
	v := reflect.ValueOf(&full).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.String:
			f.SetString("x")
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Int64:
			f.SetInt(7)
		}
	}
	full.Address = profile.Address{Line1: "x", Country: "GB"}
	full.Links = []string{"https://example.org"}
	full.Custom = json.RawMessage(`{"team":"x"}`)
	full.Picture = profile.Picture{Base: "k3v9", Ext: "png", Sizes: []int{64}, Public: true}
	full.DeletesAt, full.CreatedAt, full.UpdatedAt = time.Now(), time.Now(), time.Now()

	// These stay: names and states of the account, which flows of their own change.
	stays := []string{"ID", "Username", "Email", "EmailVerified", "Adopted", "PendingEmail", "Role", "Disabled", "DeletesAt", "Version", "CreatedAt", "UpdatedAt"}
	var p profile.Patch
	p.Empty(full)
	after := reflect.ValueOf(p.Apply(full))
	for i := range after.NumField() {
		name := after.Type().Field(i).Name
		if gone := after.Field(i).IsZero(); gone == slices.Contains(stays, name) {
			t.Errorf("%s is emptied: %v", name, gone)
		}
	}
	var none profile.Patch
	if none.Empty(profile.User{Username: "ada"}); none != (profile.Patch{}) {
		t.Errorf("of an account with nothing in it the patch is %+v", none)
	}
}
