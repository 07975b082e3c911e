package httpadapter

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/profile"
)

// Capabilities is what clients may know of an App: the answer of
// GET {base}/capabilities, which is for anybody.
type Capabilities struct {
	// Name is the name by which people know the service.
	Name string `json:"name"`
	// SignUp is who may register: a mode of package auth, or "host" when that is for the
	// host's own sign-in to say.
	SignUp string `json:"signUp"`
	// Features are those of App.Features that are not Internal, and whether each is on.
	Features map[string]bool `json:"features"`
	// Factors are the kinds of second factor that people can enrol.
	Factors []string `json:"factors"`
	// PictureTypes are the media types of pictures that are taken.
	PictureTypes []string `json:"pictureTypes"`
	// Locales are the languages of mail and of the small pages, as in BCP 47.
	Locales []string         `json:"locales"`
	Limits  CapabilityLimits `json:"limits"`
}

// CapabilityLimits are the limits of Capabilities. A feature that is off has none.
type CapabilityLimits struct {
	// MinPassword is the least length of a new password in code points, and
	// MaxPasswordBytes the greatest in bytes of UTF-8.
	MinPassword      int `json:"minPassword,omitempty"`
	MaxPasswordBytes int `json:"maxPasswordBytes,omitempty"`
	// PictureBytes is the longest file of a picture, in bytes.
	PictureBytes int64 `json:"pictureBytes,omitempty"`
	// DeletionGrace is how long a deletion can be taken back, in seconds.
	DeletionGrace int64 `json:"deletionGrace"`
	// FreshFor is how long a proof of who calls is fresh, in seconds.
	FreshFor int64 `json:"freshFor"`
	// ProofWait is how long somebody waits who lacks one of two proofs, in seconds.
	ProofWait int64 `json:"proofWait,omitempty"`
	// ActivityRetention is how long events are kept, in seconds; 0 is for ever.
	ActivityRetention int64 `json:"activityRetention"`
}

// Capabilities returns what clients may know; it is made of Features.
func (a *App) Capabilities() Capabilities {
	c := Capabilities{
		Name: a.name(), SignUp: "host", Features: map[string]bool{}, Factors: []string{}, PictureTypes: []string{}, Locales: []string{"en"},
		Limits: CapabilityLimits{FreshFor: seconds(profile.FreshFor)},
	}
	for _, f := range a.Features() {
		if !f.Internal {
			c.Features[f.Name] = f.State == On
		}
	}
	if a.Auth != nil {
		c.SignUp = string(a.Auth.Policy().SignUp)
		c.Limits.MinPassword, c.Limits.MaxPasswordBytes = a.Auth.Policy().MinPassword, hash.MaxPasswordBytes
		c.Factors = a.factorKinds()
		if c.Features["twoProofs"] {
			c.Limits.ProofWait = seconds(a.Auth.Policy().Wait)
		}
	}
	if a.Pictures != nil {
		c.PictureTypes, c.Limits.PictureBytes = a.Pictures.Types(), a.Pictures.MaxBytes()
	}
	if a.Deletions != nil {
		c.Limits.DeletionGrace = seconds(a.Deletions.Grace())
	}
	c.Limits.ActivityRetention = seconds(max(a.Activity.Retention(), 0))
	return c
}

// name is Config.Name, or the host name of BaseURL.
func (a *App) name() string {
	if a.cfg.Name != "" {
		return a.cfg.Name
	}
	u, err := url.Parse(a.cfg.BaseURL)
	if err != nil { // New has parsed it
		return ""
	}
	return u.Hostname()
}

// factorKinds are the kinds of second factor that people can enrol, sorted.
func (a *App) factorKinds() []string {
	kinds := []string{}
	for _, f := range a.cfg.Auth.Factors {
		kinds = append(kinds, f.Kind())
	}
	for _, channel := range a.cfg.Auth.Codes.Channels {
		kinds = append(kinds, string(channel))
	}
	if a.cfg.Auth.Passkeys != nil {
		kinds = append(kinds, auth.KindPasskey)
	}
	slices.Sort(kinds)
	return kinds
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

// getCapabilities is for anybody. Its answer changes with the program only.
func (a *App) getCapabilities(c *call) error {
	c.w.Header().Set("Cache-Control", "public, max-age=60")
	return c.raw(http.StatusOK, "application/json", a.capabilities)
}
