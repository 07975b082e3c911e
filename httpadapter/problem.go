package httpadapter

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authrule"
	"github.com/profilekit/profilekit/internal/strictjson"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/settings/input"
	"github.com/profilekit/profilekit/storage"
)

// problem is an RFC 9457 answer. As an error it is what handlers return for
// faults of the request.
type problem struct {
	Status int            `json:"status"`
	Title  string         `json:"title"`
	Detail string         `json:"detail,omitempty"`
	Code   string         `json:"code"`
	Params input.Params   `json:"params,omitempty"`
	Errors []problemField `json:"errors,omitempty"`

	retryAfter time.Duration
}

// problemField is an input.FieldError.
type problemField struct {
	Field   string       `json:"field"`
	Code    input.Code   `json:"code"`
	Params  input.Params `json:"params,omitempty"`
	Message string       `json:"message"`
}

func (p *problem) Error() string { return p.Code + ": " + p.Detail }

func problemf(status int, code, detail string) *problem {
	return &problem{Status: status, Title: http.StatusText(status), Code: code, Detail: detail}
}

var (
	errNotFound        = problemf(404, "not_found", "There is nothing here, or nothing that you may know of.")
	errUnauthenticated = problemf(401, "unauthenticated", "Sign in first.")
	errCrossOrigin     = problemf(403, "cross_origin", "This request came from another site's page.")
	errReauthenticate  = problemf(403, "reauthentication_required", "Prove again who you are; the last proof is more than 10 minutes old.")
	errCaptcha         = problemf(403, "captcha_required", "Show first that a person sends this.")
	errMediaType       = problemf(415, "unsupported_media_type", "Send this body with the content type that the contract names.")
	errNotAcceptable   = problemf(406, "not_acceptable", "This route answers with application/json.")
	errBodyTimeout     = problemf(408, "timeout", "The body did not arrive in time.")
	errInternal        = problemf(500, "internal", "Something went wrong here. The request id names it in the server's log.")
)

// retryDefault is asked for when a store that is down names no time itself.
const retryDefault = 2 * time.Second

// problemOf translates what services and stores return. Everything it does
// not know is a fault of ours: 500, and the text goes to the log only.
func problemOf(err error) *problem {
	var (
		p        *problem
		invalid  *input.InvalidError
		taken    *storage.TakenError
		down     *storage.UnavailableError
		limited  *limit.ExceededError
		rejected *picture.RejectedError
		tooBig   *http.MaxBytesError
		tooEarly *authrule.TooEarlyError
		needed   *authrule.NeededError
		confirm  *auth.ConfirmationError
	)
	switch {
	case errors.As(err, &p):
		return p
	case errors.Is(err, strictjson.ErrSyntax):
		return problemf(400, "malformed_json", "The body is not one JSON value of the allowed form.")
	case errors.As(err, &confirm):
		return confirmationProblem(confirm)
	case errors.As(err, &invalid):
		return invalidProblem(invalid)
	case errors.As(err, &taken):
		p := problemf(409, "taken", "Somebody else has this already.")
		p.Errors = viewsOf([]input.FieldError{input.New(taken.Field, input.Taken, nil)})
		return p
	case errors.As(err, &limited):
		p := problemf(429, "rate_limited", "Too many tries. Wait a while.")
		p.retryAfter = max(limited.RetryAfter, time.Second)
		return p
	case errors.As(err, &tooEarly):
		p := problemf(409, "too_early", "This works only from "+tooEarly.From.UTC().Format("2006-01-02 15:04")+" UTC on.")
		p.Params = input.Params{"from": tooEarly.From.UTC().Format(time.RFC3339)}
		return p
	case errors.As(err, &needed):
		return neededProblem(needed)
	case errors.As(err, &rejected):
		p := problemf(422, "picture_rejected", rejected.Error())
		p.Params = input.Params{"reason": rejected.Reason}
		return p
	case errors.As(err, &tooBig), errors.Is(err, picture.ErrTooLarge):
		return problemf(413, "too_large", "The body is larger than allowed here.")
	case errors.Is(err, picture.ErrUnsupported):
		return problemf(415, "unsupported_media_type", err.Error())
	case errors.Is(err, auth.ErrInvalidCredentials):
		return problemf(401, "invalid_credentials", "The login or the password is wrong.")
	case errors.Is(err, auth.ErrInvalidToken):
		return problemf(422, "invalid_token", "This link is wrong, too old, or was used. Ask for a new one.")
	case errors.Is(err, profile.ErrNotFresh):
		return errReauthenticate
	case errors.Is(err, auth.ErrUnauthenticated), errors.Is(err, auth.ErrPasswordResetRequired), errors.Is(err, profile.ErrNoAccount):
		return errUnauthenticated
	case errors.Is(err, auth.ErrSignUpClosed), errors.Is(err, auth.ErrNoFactor), errors.Is(err, storage.ErrNotFound):
		return errNotFound
	case errors.Is(err, auth.ErrInvalidCode):
		return problemf(422, "invalid_code", "The code is wrong, too old, or was used already.")
	case errors.Is(err, auth.ErrFactorUnusable):
		return problemf(409, "factor_unusable", "This second factor cannot be used now. Use another one, or a recovery code.")
	case errors.Is(err, auth.ErrLastFactor):
		return problemf(409, "last_factor", "Without this you could not sign in any more.")
	case errors.Is(err, auth.ErrCodeAlone):
		return problemf(409, "code_needs_factor", "Codes that are sent are only for accounts with an app or a passkey too.")
	case errors.Is(err, profile.ErrNotRestorable):
		return problemf(409, "no_deletion_pending", "There is no deletion of this account to take back.")
	case errors.Is(err, profile.ErrEmailChangeUnavailable):
		return problemf(422, "email_change_unavailable", "The e-mail address cannot be changed here.")
	case errors.Is(err, activity.ErrBadCursor):
		return problemf(400, "bad_cursor", "This cursor is not one that the list before gave you.")
	case errors.Is(err, storage.ErrStale):
		return problemf(412, "stale", "It was changed in the meantime. Read it again.")
	case errors.Is(err, storage.ErrFull):
		return problemf(507, "storage_full", "There is no room left to store this.")
	case errors.As(err, &down):
		return unavailable(down.RetryAfter)
	case errors.Is(err, storage.ErrUnavailable), errors.Is(err, picture.ErrBusy),
		// Canceled: the client went away, and hears nothing, or the server stops.
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return unavailable(0)
	}
	return errInternal
}

func unavailable(after time.Duration) *problem {
	p := problemf(503, "unavailable", "A part of the service does not answer. Try again later.")
	if after <= 0 {
		after = retryDefault
	}
	p.retryAfter = after
	return p
}

// invalidProblem is 400 when the shape is wrong (unknown or duplicate fields)
// and 422 when a value is. Every field that was refused is listed in both.
func invalidProblem(e *input.InvalidError) *problem {
	p := problemf(422, "invalid", "Some values were refused; nothing was changed.")
	for _, f := range e.Fields {
		if f.Code == input.UnknownField || f.Code == input.DuplicateField {
			p = problemf(400, string(f.Code), "The body has fields that do not belong here.")
			break
		}
	}
	p.Errors = viewsOf(e.Fields)
	return p
}

// confirmationProblem asks for the password of the account, whose name the mail with the
// link has told the reader.
func confirmationProblem(e *auth.ConfirmationError) *problem {
	p := problemf(422, "confirmation_required", "Confirm the address with the password of the account, or say why you cannot.")
	account := "made"
	switch {
	case e.Invited:
		account = "invited"
	case e.Adopted:
		account = "adopted"
	}
	p.Params = input.Params{"username": e.Username, "account": account}
	p.Errors = viewsOf([]input.FieldError{input.New("password", input.Required, nil)})
	return p
}

// badParameter is a value of the query that is not taken.
func badParameter(detail string, bad ...input.FieldError) *problem {
	p := problemf(400, "bad_parameter", detail)
	p.Errors = viewsOf(bad)
	return p
}

func viewsOf(fields []input.FieldError) []problemField {
	out := make([]problemField, len(fields))
	for i, f := range fields {
		out[i] = problemField(f)
	}
	return out
}

// write sends p. The body never repeats a value of the request; names of fields and
// parameters that are not known are repeated, cut and few.
func (p *problem) write(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(p.retryAfter.Seconds()))))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	h.Del("ETag")
	h.Set("Cache-Control", "no-store")
	body, err := json.Marshal(p)
	if err != nil { // a parameter of a host's own that is no JSON
		plain := *p
		plain.Params, plain.Errors = nil, slices.Clone(p.Errors)
		for i := range plain.Errors {
			plain.Errors[i].Params = nil
		}
		if body, err = json.Marshal(plain); err != nil { // cannot be: strings and numbers only
			body = []byte("{}")
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(p.Status)
	w.Write(body)
}
