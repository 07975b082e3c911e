// Package totp is the second factor of authenticator apps: time-based one-time
// passwords (RFC 6238) of six digits and 30 seconds, by HMAC-SHA-1, which is
// what all apps know.
//
//	svc, err := auth.New(auth.Config{
//		…,
//		Policy: auth.Policy{Factors: []authfactor.Factor{totp.New(keys, totp.Options{Issuer: "Example"})}},
//	})
//	show, err := svc.BeginFactor(ctx, client, id, totp.Kind, "Phone") // show.QR, show.Secret
//	done, err := svc.ConfirmFactor(ctx, client, id, auth.Answer{Method: totp.Kind, Code: code})
//
// A code works once: the time step of an accepted one is kept as the record's
// Counter, which only rises, in one statement of the database (RFC 6238, 5.2).
// Seeds are 160 random bits (RFC 4226, R6), sealed with the key ring and bound
// to their record, and are shown once, when they are made.
package totp

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"rsc.io/qr"

	"github.com/profilekit/profilekit/auth/authfactor"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/profile"
)

// Kind is that of the records, and the method in an auth.Answer.
const Kind = "totp"

const (
	seedBytes = 20
	digits    = 6
	period    = 30 // seconds
	purpose   = "auth.totp"
)

// Options of New.
type Options struct {
	// Issuer is the name that apps show beside the account: the service's. It
	// has no colon.
	Issuer string
	// Skew is how many time steps before and after the present one are taken;
	// 0 is one, as RFC 6238, 5.2 recommends, and less than 0 is none (ASVS 5.0,
	// 6.5.5: at most 30 seconds).
	Skew int
	// Rand is nil for crypto/rand.
	Rand io.Reader
}

// Factor is an authfactor.Factor. It is safe for concurrent use.
type Factor struct {
	keys *keyring.Ring
	opts Options
}

// New returns the factor; keys seal the seeds.
func New(keys *keyring.Ring, opts Options) *Factor {
	switch {
	case opts.Skew == 0, opts.Skew > 1:
		opts.Skew = 1
	case opts.Skew < 0:
		opts.Skew = 0
	}
	if opts.Rand == nil {
		opts.Rand = rand.Reader
	}
	return &Factor{keys: keys, opts: opts}
}

// Kind implements authfactor.Factor.
func (*Factor) Kind() string { return Kind }

var encoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// Enroll implements authfactor.Factor.
func (f *Factor) Enroll(_ context.Context, r authstore.FactorRecord, u profile.User) ([]byte, authfactor.Enrollment, error) {
	seed := make([]byte, seedBytes)
	if _, err := io.ReadFull(f.opts.Rand, seed); err != nil {
		return nil, authfactor.Enrollment{}, fmt.Errorf("totp: random bytes: %w", err)
	}
	data, err := f.keys.Seal(purpose, seed, bound(r))
	if err != nil {
		return nil, authfactor.Enrollment{}, fmt.Errorf("totp: sealing: %w", err)
	}
	secret := encoding.EncodeToString(seed)
	uri := f.uri(u.Username, secret)
	code, err := qr.Encode(uri, qr.M)
	if err != nil {
		return nil, authfactor.Enrollment{}, fmt.Errorf("totp: picture of the address: %w", err)
	}
	return data, authfactor.Enrollment{Secret: secret, URI: uri, QR: code.PNG()}, nil
}

// uri is the address that apps read (the key URI format of Google
// Authenticator). Spaces are %20: some apps show a plus.
func (f *Factor) uri(account, secret string) string {
	issuer := strings.ReplaceAll(f.opts.Issuer, ":", " ")
	label := account
	params := url.Values{"secret": {secret}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	if issuer != "" {
		label = issuer + ":" + account
		params.Set("issuer", issuer)
	}
	return "otpauth://totp/" + url.PathEscape(label) + "?" + strings.ReplaceAll(params.Encode(), "+", "%20")
}

// Verify implements authfactor.Factor. A code is six ASCII digits; spaces between and
// around them are for people. It is compared with every step that is taken and
// is later than the last one used.
func (f *Factor) Verify(_ context.Context, r authstore.FactorRecord, answer string, now time.Time) (authstore.FactorRecord, bool, error) {
	code := strings.ReplaceAll(answer, " ", "")
	if len(code) != digits || strings.Trim(code, "0123456789") != "" {
		return r, true, authfactor.ErrInvalidCode
	}
	seed, err := f.keys.Open(purpose, r.Data, bound(r))
	if err != nil {
		return r, true, fmt.Errorf("totp: the seed of a record: %w", err)
	}
	present := now.Unix() / period
	for step := present - int64(f.opts.Skew); step <= present+int64(f.opts.Skew); step++ {
		if step > r.Counter && subtle.ConstantTimeCompare([]byte(hotp(seed, uint64(step))), []byte(code)) == 1 {
			r.Counter = step
			return r, true, nil
		}
	}
	return r, true, authfactor.ErrInvalidCode
}

// Reseal implements authfactor.Resealer.
func (f *Factor) Reseal(r authstore.FactorRecord) ([]byte, bool, error) {
	data, changed, err := f.keys.Reseal(purpose, r.Data, bound(r))
	if err != nil {
		return nil, false, fmt.Errorf("totp: the seed of a record: %w", err)
	}
	return data, changed, nil
}

// bound keeps a sealed seed from being moved to another record.
func bound(r authstore.FactorRecord) []byte { return []byte(r.UserID + "\x00" + r.ID) }

// hotp is the code of a counter (RFC 4226, 5.3).
func hotp(seed []byte, counter uint64) string {
	mac := hmac.New(sha1.New, seed)
	mac.Write(binary.BigEndian.AppendUint64(nil, counter))
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0x0f
	n := binary.BigEndian.Uint32(sum[at:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", digits, n%1_000_000)
}
