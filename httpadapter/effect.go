package httpadapter

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// effective says which parts of c can have no effect beside the rest of it. A host that
// sets one expects something that would not happen, so that New refuses it.
func (c Config) effective() error {
	if len(c.Mail.Senders) > 0 && c.Auth.Courier != nil {
		return errors.New("httpadapter: Config.Mail and Config.Auth.Courier are two ways to one thing: give one")
	}
	if c.Blobs != nil && c.Stores.Ledger == nil {
		return errors.New("httpadapter: Config.Blobs needs Stores.Ledger, which knows which picture is whose")
	}
	if len(c.Mail.Senders) > 0 && c.Stores.Outbox == nil {
		return errors.New("httpadapter: Config.Mail needs Stores.Outbox, where letters wait")
	}
	if len(c.Mail.Senders) > 0 {
		for _, channel := range append([]authmail.Channel{authmail.ByEmail}, c.Auth.Codes.Channels...) {
			if c.Mail.Senders[channel] == nil {
				return fmt.Errorf("httpadapter: Config.Mail.Senders needs one for %q, which is asked for", channel)
			}
		}
	}
	var errs []error
	vain := func(field, why string) {
		errs = append(errs, fmt.Errorf("httpadapter: Config.%s has no effect: %s", field, why))
	}
	// each refuses every field of the policy that is set.
	each := func(group string, policy any, why string) {
		v := reflect.ValueOf(policy)
		for i := range v.NumField() {
			if !v.Field(i).IsZero() {
				vain(group+"."+v.Type().Field(i).Name, why)
			}
		}
	}
	switch {
	case c.Authenticator != nil:
		const why = "it is for our sign-in, and Config.Authenticator is in its place"
		each("Auth", c.Auth, why)
		if c.HTTP.Captcha != nil {
			vain("HTTP.Captcha", why)
		}
		if c.HTTP.Cookie != "" {
			vain("HTTP.Cookie", why)
		}
		if c.HTTP.FormerCookie != "" {
			vain("HTTP.FormerCookie", why)
		}
		if c.HTTP.NoPages {
			vain("HTTP.NoPages", why)
		}
	case len(c.Mail.Senders) == 0 && c.Auth.Courier == nil:
		const why = "without Config.Mail no link is sent"
		if c.Auth.Links != (authmail.Links{}) {
			vain("Auth.Links", why)
		}
		if c.HTTP.NoPages {
			vain("HTTP.NoPages", why)
		}
		if c.Auth.Wait != 0 {
			vain("Auth.Wait", why)
		}
		if c.Auth.UnknownAddresses {
			vain("Auth.UnknownAddresses", why+", so that Auth.WithoutMail decides anyway")
		}
	case c.Auth.WithoutMail != "" && !c.Auth.UnknownAddresses:
		vain("Auth.WithoutMail", "mail is sent, and Auth.UnknownAddresses is not set")
	}
	switch codes := c.Auth.Codes; {
	case len(codes.Channels) == 0 && (codes.Keys != nil || codes.Alone):
		vain("Auth.Codes", "it has no Channels")
	case len(codes.Channels) > 0 && !codes.Alone && c.Auth.Factors != nil && len(c.Auth.Factors) == 0 && c.Auth.Passkeys == nil:
		vain("Auth.Codes", "nobody can enrol codes without an app or a passkey, of which there are none, unless Alone is set")
	}
	if c.Auth.BreachesRequired && c.Auth.Breaches == nil {
		vain("Auth.BreachesRequired", "there are no Breaches to ask")
	}
	if len(c.Mail.Senders) == 0 {
		each("Mail", c.Mail, "there are no Senders")
	}
	if c.Blobs == nil {
		each("Pictures", c.Pictures, "without Config.Blobs there are no pictures")
	}
	if c.Stores.Holds == nil && c.Profile.NameHold != 0 {
		vain("Profile.NameHold", "without Stores.Holds names are free at once")
	}
	if why, _ := storage.Missing[profile.DeletableStore](c.Stores.Users); why != "" {
		why = "users cannot be deleted: " + why
		if c.Profile.DeletionGrace != 0 {
			vain("Profile.DeletionGrace", why)
		}
		if c.Profile.DeletionLimit != (limit.Rule{}) {
			vain("Profile.DeletionLimit", why)
		}
	}
	return errors.Join(errs...)
}

// nilPointer names an interface in the fields of v that holds a nil pointer. It looks
// like a store that is there, and its first call would be a panic.
func nilPointer(name string, v reflect.Value) string {
	switch v.Kind() {
	case reflect.Interface:
		if inner := v.Elem(); inner.Kind() == reflect.Pointer && inner.IsNil() {
			return name
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				if found := nilPointer(name+"."+f.Name, v.Field(i)); found != "" {
					return found
				}
			}
		}
	}
	return ""
}
