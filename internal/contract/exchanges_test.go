package contract_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/profilekit/profilekit/internal/contract"
	"github.com/profilekit/profilekit/profile"
)

// sample is a good exchange of one operation, written by hand.
type sample struct {
	id          string // operationId
	method      string
	path        string
	contentType string
	body        string
	anonymous   bool
	status      int
	answerType  string
	answer      string
	header      map[string]string
}

const (
	ownStart = `{"id":"17","username":"ada","email":"ada@example.org","emailVerified":false,"pendingEmail":null,"displayName":"Ada",`
	ownEnd   = `"phone":"+41791234567","address":{"line1":null,"line2":null,"city":"Bern","region":null,"postalCode":null,"country":"CH"},` +
		`"birthday":"1990-05-17","links":["https://example.org"],"custom":{"team":"red"},"profilePicture":"/api/pictures/a-512.jpg",` +
		`"pictureSizes":{"512":"/api/pictures/a-512.jpg"},"picturePlaceholder":null,"role":"user","createdAt":"2026-11-20T08:00:00Z","updatedAt":"2026-11-20T08:00:00.123456Z"}`
	capabilities = `{"name":"Example","signUp":"open","features":{"signIn":true,"signUp":true,"passwordReset":true,"emailConfirmation":true,"emailChange":true,"reports":t` +
		`rue,"pages":true,"twoProofs":true,"passkeys":true,"secondFactors":true,"codesBySMS":true,"codesByEmail":true,"trustedDevices":true,"factorRecovery":true,"breachedPasswords":true,"captcha":t` +
		`rue,"pictures":true,"directUpload":true,"signedPictures":true,"publicPictures":true,"resizedPictures":true,"deletion":true,"export":true,"activity":tr` +
		`ue,"heldNames":true,"notices":true,"legacyRoutes":true,"otherOrigins":true,"places":true},"factors":["totp"],"pictureTypes":["image/jpeg"],"locales":[` +
		`"en"],"limits":{"minPassword":15,"maxPasswordBytes":1024,"pictureBytes":1,"deletionGrace":0,"freshFor":600,"proofWait":604800,"activityRetention":0}}`
	docEnd = `"notifications":{"security":{"email":true,"sms":false},"account":{"email":true,"sms":false},"product":{"email":false,"sms":false}},` +
		`"appearance":{"theme":"dark","accent":"#2563eb","density":"compact","fontScale":1.25,"reducedMotion":true},"locale":"en","timeZone":"Europe/Zurich"}`
	sizes   = `{"512":"/api/pictures/a-512.jpg","256":"/api/pictures/a-256.jpg","128":"/api/pictures/a-128.jpg","64":"/api/pictures/a-64.jpg"}`
	jsonT   = "application/json"
	problem = "application/problem+json"
	cookie  = "__Host-profilekit=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA; Path=/; HttpOnly; Secure; SameSite=Lax"
	jpegHex = "\xff\xd8\xff\xe0 and so on"
	pngHex  = "\x89PNG\r\n\x1a\n and so on"
)

// own has no text but displayName, and doc lets members see the links.
var (
	own = ownStart + noTexts("displayName") + ownEnd
	doc = `{"privacy":{"visibility":"public","fields":` + seenBy("links", profile.Members) + `},` + docEnd
)

// noTexts are the texts of a profile that has none but one.
func noTexts(but string) string {
	var b strings.Builder
	for _, f := range profile.TextFields() {
		if f.Name != but {
			b.WriteString(`"` + f.Name + `":null,`)
		}
	}
	return b.String()
}

// seenBy is who sees which field at first, but for one.
func seenBy(field string, who profile.Visibility) string {
	fields := maps.Clone(profile.PrivacySection.Default.Fields)
	fields[field] = who
	text, err := json.Marshal(fields)
	if err != nil {
		panic(err) // strings can always be written
	}
	return string(text)
}

// newToken ends an answer to a client with a bearer token.
var newToken = `"token":"` + strings.Repeat("t", 43) + `","expiresAt":"2026-12-20T08:00:00Z"}`

const htmlT = "text/html; charset=utf-8"

var pageHeader = map[string]string{"Content-Security-Policy": "default-src 'none'; script-src 'sha256-x'", "Referrer-Policy": "no-referrer"}

var tagged = map[string]string{"ETag": `"7"`}

var formType, formBody = func() (string, string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile("profile_picture", "../me.jpg")
	if err != nil {
		panic(err) // a bytes.Buffer takes everything
	}
	io.WriteString(part, jpegHex)
	w.Close()
	return w.FormDataContentType(), b.String()
}()

// samples has one for each operation at least.
var samples = []sample{
	{
		id: "register", method: "POST", path: "/api/auth/register", contentType: jsonT, anonymous: true,
		body: `{"username":"ada","email":"ada@example.org","password":"an engine that weaves"}`, status: 201, answerType: jsonT,
		answer: `{"status":"complete","user":` + own + `}`, header: map[string]string{"Set-Cookie": cookie, "ETag": `"7"`},
	},
	{
		id: "login", method: "POST", path: "/api/auth/login", contentType: "application/json; charset=utf-8", anonymous: true,
		body: `{"login":"ada","password":"x","remember":true}`, status: 200, answerType: jsonT,
		answer: `{"status":"complete","user":` + own + `}`, header: map[string]string{"Set-Cookie": cookie},
	},
	{
		id: "login", method: "POST", path: "/api/auth/login", contentType: jsonT, anonymous: true,
		body: `{"login":"ada","password":"x","transport":"bearer"}`, status: 200, answerType: jsonT,
		answer: `{"status":"complete","user":` + own + `,"token":"` + strings.Repeat("t", 43) + `","expiresAt":"2026-12-20T08:00:00Z"}`,
	},
	{
		id: "logout", method: "POST", path: "/api/auth/logout", status: 204,
		header: map[string]string{"Set-Cookie": "__Host-profilekit=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"},
	},
	{id: "reauthenticate", method: "POST", path: "/api/auth/reauthenticate", contentType: jsonT, body: `{"password":"x"}`, status: 204},
	{
		id: "reauthenticate", method: "POST", path: "/api/auth/reauthenticate", contentType: jsonT, body: `{"password":"x"}`, status: 200, answerType: jsonT,
		answer: `{` + newToken,
	},
	{
		id: "changePassword", method: "POST", path: "/api/auth/password", contentType: jsonT,
		body: `{"currentPassword":"x","newPassword":"numbers and other things"}`, status: 204,
	},
	{
		id: "changePassword", method: "POST", path: "/api/auth/password", contentType: jsonT,
		body: `{"currentPassword":"x","newPassword":"numbers and other things"}`, status: 200, answerType: jsonT, answer: `{` + newToken,
	},
	{id: "forgotPassword", method: "POST", path: "/api/auth/password/forgot", contentType: jsonT, anonymous: true, body: `{"email":"ada@example.org"}`, status: 202},
	{
		id: "resetPassword", method: "POST", path: "/api/auth/password/reset", contentType: jsonT, anonymous: true,
		body: `{"token":"` + strings.Repeat("t", 43) + `","password":"numbers and other things"}`, status: 204,
	},
	{id: "verifyEmail", method: "POST", path: "/api/auth/email/verify", contentType: jsonT, anonymous: true, body: `{"token":"t"}`, status: 204},
	{
		id: "verifyEmail", method: "POST", path: "/api/auth/email/verify", contentType: jsonT, anonymous: true,
		body: `{"token":"t"}`, status: 200, answerType: jsonT, answer: `{` + newToken,
	},
	{
		id: "verifyEmail", method: "POST", path: "/api/auth/email/verify", contentType: jsonT, anonymous: true,
		body: `{"token":"t","password":"an engine that weaves"}`, status: 204,
	},
	{id: "verifyEmail", method: "POST", path: "/api/auth/email/verify", contentType: jsonT, anonymous: true, body: `{"token":"t","answer":"not_mine"}`, status: 204},
	{id: "resendVerification", method: "POST", path: "/api/auth/email/verify/resend", status: 202},
	{id: "changeEmail", method: "POST", path: "/api/auth/email/change", contentType: jsonT, body: `{"email":"ada@example.com"}`, status: 202},
	{id: "confirmEmailChange", method: "POST", path: "/api/auth/email/change/confirm", contentType: jsonT, anonymous: true, body: `{"token":"t"}`, status: 204},
	{id: "undoEmailChange", method: "POST", path: "/api/auth/email/change/undo", contentType: jsonT, anonymous: true, body: `{"token":"t"}`, status: 204},
	{id: "report", method: "POST", path: "/api/activity/report", contentType: jsonT, anonymous: true, body: `{"token":"t"}`, status: 204},
	{
		id: "register", method: "POST", path: "/api/auth/register", contentType: jsonT, anonymous: true,
		body: `{"username":"ada","email":"ada@example.org","password":"an engine that weaves"}`, status: 202, answerType: jsonT,
		answer: `{"status":"verification_sent"}`,
	},
	{
		id: "login", method: "POST", path: "/api/auth/login", contentType: jsonT, anonymous: true,
		body: `{"login":"ada","password":"x"}`, status: 200, answerType: jsonT, answer: `{"status":"password_reset_required"}`,
	},
	{id: "resetPage", method: "GET", path: "/account/reset", anonymous: true, status: 200, answerType: htmlT, answer: "<!doctype html>", header: pageHeader},
	{id: "verifyPage", method: "GET", path: "/account/verify", anonymous: true, status: 200, answerType: htmlT, answer: "<!doctype html>", header: pageHeader},
	{id: "emailPage", method: "GET", path: "/account/email", anonymous: true, status: 200, answerType: htmlT, answer: "<!doctype html>", header: pageHeader},
	{id: "undoPage", method: "GET", path: "/account/undo", anonymous: true, status: 200, answerType: htmlT, answer: "<!doctype html>", header: pageHeader},
	{id: "recoverPage", method: "GET", path: "/account/recover", anonymous: true, status: 200, answerType: htmlT, answer: "<!doctype html>", header: pageHeader},
	{id: "notMePage", method: "GET", path: "/account/not-me", anonymous: true, status: 200, answerType: htmlT, answer: "<!doctype html>", header: pageHeader},
	{
		id: "listSessions", method: "GET", path: "/api/auth/sessions", status: 200, answerType: jsonT,
		answer: `{"items":[{"id":"s","device":"Firefox on Linux","ip":"203.0.113.0/24","place":null,"createdAt":"2026-11-20T08:00:00Z","lastUsedAt":"2026-11-20T08:00:00Z","current":true},` +
			`{"id":"t","device":"Unknown device","ip":"2001:db8::/48","place":"Bern","createdAt":"2026-11-20T08:00:00Z","lastUsedAt":"2026-11-20T08:00:00Z","current":false}]}`,
	},
	{
		id: "login", method: "POST", path: "/api/auth/login", contentType: jsonT, anonymous: true,
		body: `{"login":"ada","password":"x"}`, status: 200, answerType: jsonT,
		answer: `{"status":"mfa_required","methods":["totp","recovery_code"]}`,
		header: map[string]string{"Set-Cookie": strings.Replace(cookie, "profilekit=", "profilekit-half=", 1)},
	},
	{
		id: "reauthenticate", method: "POST", path: "/api/auth/reauthenticate", contentType: jsonT,
		body: `{"method":"totp","code":"123456"}`, status: 204, header: map[string]string{"Set-Cookie": cookie},
	},
	{
		id: "finishSignIn", method: "POST", path: "/api/auth/mfa", contentType: jsonT,
		body: `{"method":"totp","code":"123456","trustDevice":true}`, status: 200, answerType: jsonT,
		answer: `{"status":"complete","user":` + own + `}`, header: map[string]string{"Set-Cookie": cookie, "ETag": `"7"`},
	},
	{
		id: "listFactors", method: "GET", path: "/api/auth/mfa", status: 200, answerType: jsonT,
		answer: `{"factors":[{"id":"f","kind":"totp","name":"","createdAt":"2026-11-20T08:00:00Z","lastUsedAt":null}],"recoveryCodesLeft":9}`,
	},
	{
		id: "beginTOTP", method: "POST", path: "/api/auth/mfa/totp", contentType: jsonT, body: `{"name":"Phone"}`, status: 200, answerType: jsonT,
		answer: `{"secret":"JBSWY3DPEHPK3PXP","uri":"otpauth://totp/a?secret=JBSWY3DPEHPK3PXP","qr":"data:image/png;base64,iVBORw0KGgo="}`,
	},
	{
		id: "confirmTOTP", method: "POST", path: "/api/auth/mfa/totp/confirm", contentType: jsonT, body: `{"code":"123456"}`, status: 200, answerType: jsonT,
		answer: `{"recoveryCodes":["0f3kq8-2m7xwa-9zc4tn-v5h1bd"]}`, header: map[string]string{"Set-Cookie": cookie},
	},
	{
		id: "confirmTOTP", method: "POST", path: "/api/auth/mfa/totp/confirm", contentType: jsonT, body: `{"code":"123456"}`, status: 200, answerType: jsonT,
		answer: `{"recoveryCodes":null,` + newToken,
	},
	{id: "renewRecoveryCodes", method: "POST", path: "/api/auth/mfa/recovery-codes", status: 200, answerType: jsonT, answer: `{"recoveryCodes":["0f3kq8-2m7xwa-9zc4tn-v5h1bd"]}`},
	{
		id: "beginPasskey", method: "POST", path: "/api/auth/passkeys/login/begin", contentType: jsonT, anonymous: true, body: `{"purpose":"sign_in"}`, status: 200, answerType: jsonT,
		answer: `{"publicKey":{"challenge":"AAAA","rpId":"example.org"},"state":"x","expiresAt":"2026-11-20T08:00:00Z"}`,
	},
	{
		id: "finishPasskey", method: "POST", path: "/api/auth/passkeys/login/finish", contentType: jsonT, anonymous: true,
		body: `{"state":"x","credential":{"id":"AAAA"},"remember":true}`, status: 200, answerType: jsonT,
		answer: `{"status":"complete","user":` + own + `}`, header: map[string]string{"Set-Cookie": cookie, "ETag": `"7"`},
	},
	{
		id: "beginAddPasskey", method: "POST", path: "/api/auth/passkeys/register/begin", status: 200, answerType: jsonT,
		answer: `{"publicKey":{"challenge":"AAAA"},"state":"x","expiresAt":"2026-11-20T08:00:00Z"}`,
	},
	{
		id: "addPasskey", method: "POST", path: "/api/auth/passkeys/register/finish", contentType: jsonT, body: `{"state":"x","credential":{"id":"AAAA"},"name":"Phone"}`,
		status: 201, answerType: jsonT, header: map[string]string{"Set-Cookie": cookie},
		answer: `{"passkey":{"id":"f","kind":"passkey","name":"Phone","createdAt":"2026-11-20T08:00:00Z","lastUsedAt":null},"recoveryCodes":null}`,
	},
	{
		id: "addPasskey", method: "POST", path: "/api/auth/passkeys/register/finish", contentType: jsonT, body: `{"state":"x","credential":{"id":"AAAA"},"name":"Phone"}`,
		status: 201, answerType: jsonT,
		answer: `{"passkey":{"id":"f","kind":"passkey","name":"Phone","createdAt":"2026-11-20T08:00:00Z","lastUsedAt":null},"recoveryCodes":null,` + newToken,
	},
	{id: "renamePasskey", method: "PATCH", path: "/api/auth/passkeys/f", contentType: jsonT, body: `{"name":"Key ring"}`, status: 204},
	{id: "removePasskey", method: "DELETE", path: "/api/auth/passkeys/f", status: 204},
	{
		id: "beginRecovery", method: "POST", path: "/api/auth/mfa/recovery", status: 202, answerType: jsonT,
		answer: `{"from":"2026-11-25T08:00:00Z","until":"2026-12-02T08:00:00Z"}`,
	},
	{
		id: "confirmRecovery", method: "POST", path: "/api/auth/mfa/recovery/confirm", contentType: jsonT,
		body: `{"token":"` + strings.Repeat("t", 43) + `"}`, status: 204,
	},
	{id: "sendCode", method: "POST", path: "/api/auth/mfa/challenge", contentType: jsonT, body: `{"method":"sms"}`, status: 202},
	{id: "sendProofCode", method: "POST", path: "/api/auth/reauthenticate/challenge", contentType: jsonT, body: `{"method":"sms"}`, status: 202},
	{id: "beginPhone", method: "POST", path: "/api/auth/mfa/phone", contentType: jsonT, body: `{"phone":"+41791234567"}`, status: 202},
	{
		id: "confirmPhone", method: "POST", path: "/api/auth/mfa/phone/confirm", contentType: jsonT, body: `{"code":"123456"}`, status: 200, answerType: jsonT,
		answer: `{"recoveryCodes":null}`, header: map[string]string{"Set-Cookie": cookie},
	},
	{id: "beginEmailCodes", method: "POST", path: "/api/auth/mfa/email", status: 202},
	{
		id: "confirmEmailCodes", method: "POST", path: "/api/auth/mfa/email/confirm", contentType: jsonT, body: `{"code":"123456"}`, status: 200, answerType: jsonT,
		answer: `{"recoveryCodes":["0f3kq8-2m7xwa-9zc4tn-v5h1bd"]}`, header: map[string]string{"Set-Cookie": cookie},
	},
	{
		id: "exportProfile", method: "GET", path: "/api/profile/export", status: 200, answerType: "application/zip", answer: "PK",
		header: map[string]string{"Content-Disposition": `attachment; filename=profile-ada.zip`},
	},
	{
		id: "deleteProfile", method: "DELETE", path: "/api/profile", status: 202, answerType: jsonT,
		answer: `{"deletesAt":"2026-12-04T08:00:00Z"}`, header: map[string]string{"Set-Cookie": cookie},
	},
	{
		id: "restoreProfile", method: "POST", path: "/api/profile/restore", status: 200, answerType: jsonT,
		answer: `{"status":"complete","user":` + own + `}`, header: map[string]string{"Set-Cookie": cookie, "ETag": `"7"`},
	},
	{
		id: "login", method: "POST", path: "/api/auth/login", contentType: jsonT, anonymous: true, body: `{"login":"ada","password":"an engine that weaves"}`,
		status: 200, answerType: jsonT, answer: `{"status":"deletion_pending","deletesAt":"2026-12-04T08:00:00Z"}`, header: map[string]string{"Set-Cookie": cookie},
	},
	{id: "getProofs", method: "GET", path: "/api/auth/proof", status: 200, answerType: jsonT, answer: `{"state":"newcomer","have":[],"wait":null}`},
	{
		id: "getProofs", method: "GET", path: "/api/auth/proof", status: 200, answerType: jsonT,
		answer: `{"state":"mailbox","have":["password","mailbox","wait"],"wait":{"from":"2026-11-27T08:00:00Z","until":"2026-12-04T08:00:00Z"}}`,
	},
	{id: "sendMailCode", method: "POST", path: "/api/auth/proof/mail", status: 202},
	{
		id: "proveMailbox", method: "POST", path: "/api/auth/proof/mail/confirm", contentType: jsonT, body: `{"code":"0f3k-q82m-7xwa"}`, status: 204,
		header: map[string]string{"Set-Cookie": cookie},
	},
	{
		id: "proveMailbox", method: "POST", path: "/api/auth/proof/mail/confirm", contentType: jsonT, body: `{"code":"0f3k-q82m-7xwa"}`, status: 200, answerType: jsonT,
		answer: `{` + newToken,
	},
	{
		id: "beginWait", method: "POST", path: "/api/auth/proof/wait", status: 202, answerType: jsonT,
		answer: `{"from":"2026-11-27T08:00:00Z","until":"2026-12-04T08:00:00Z"}`,
	},
	{id: "cancelWait", method: "DELETE", path: "/api/auth/proof/wait", status: 204},
	{id: "removeFactor", method: "DELETE", path: "/api/auth/mfa/f", status: 204},
	{
		id: "listDevices", method: "GET", path: "/api/auth/devices", status: 200, answerType: jsonT,
		answer: `{"items":[{"id":"d","device":"Firefox on Linux","ip":null,"place":null,"createdAt":"2026-11-20T08:00:00Z","lastUsedAt":"2026-11-20T08:00:00Z","expiresAt":"2026-12-20T08:00:00Z"}]}`,
	},
	{id: "removeDevice", method: "DELETE", path: "/api/auth/devices/d", status: 204},
	{id: "endOtherSessions", method: "DELETE", path: "/api/auth/sessions", status: 204},
	{id: "endSession", method: "DELETE", path: "/api/auth/sessions/s", status: 204},
	{id: "getProfile", method: "GET", path: "/api/profile", status: 200, answerType: jsonT, answer: own, header: tagged},
	{
		id: "patchProfile", method: "PATCH", path: "/api/profile", contentType: jsonT, body: `{"bio":null,"address":{"city":"Bern"},"links":[]}`,
		status: 200, answerType: jsonT, answer: own, header: tagged,
	},
	{
		id: "patchProfile", method: "PATCH", path: "/api/profile", contentType: "application/merge-patch+json", body: `{"birthday":"","custom":{"team":null}}`,
		status: 200, answerType: jsonT, answer: own, header: tagged,
	},
	{
		id: "putProfile", method: "PUT", path: "/api/profile", contentType: jsonT, body: `{"userId":17,"username":"ada","email":"ada@example.org","profilePicture":null}`,
		status: 200, answerType: jsonT, answer: own, header: tagged,
	},
	{
		id: "putPicture", method: "PUT", path: "/api/profile/picture?crop=0,0,100", contentType: formType, body: formBody, status: 200, answerType: jsonT,
		answer: `{"user":` + own + `,"picture":{"url":"/api/pictures/a-512.jpg","sizes":` + sizes + `,"placeholder":"abc"}}`, header: tagged,
	},
	{
		id: "putPicture", method: "PUT", path: "/api/profile/picture", contentType: "image/webp", body: "RIFF", status: 200, answerType: jsonT,
		answer: `{"user":` + own + `,"picture":{"url":"/api/pictures/a-512.jpg","sizes":` + sizes + `,"placeholder":null}}`, header: tagged,
	},
	{
		id: "beginDirectPicture", method: "POST", path: "/api/profile/picture/direct", contentType: jsonT, body: `{"contentType":"image/jpeg"}`, status: 201, answerType: jsonT,
		answer: `{"id":"abc","method":"POST","url":"https://bucket.example/","headers":{},"fields":{"key":"in/abc"},"fileField":"file","maxBytes":10485760,"expiresAt":"2026-11-20T08:05:00Z"}`,
	},
	{
		id: "completeDirectPicture", method: "POST", path: "/api/profile/picture/direct/abc/complete", contentType: jsonT, body: `{"crop":{"x":0,"y":0,"size":100}}`, status: 200, answerType: jsonT,
		answer: `{"user":` + own + `,"picture":{"url":"/api/pictures/a-512.jpg","sizes":` + sizes + `,"placeholder":"abc"}}`, header: tagged,
	},
	{id: "deletePicture", method: "DELETE", path: "/api/profile/picture", status: 204},
	{
		id: "getUser", method: "GET", path: "/api/users/Ada", anonymous: true, status: 200, answerType: jsonT,
		answer: `{"username":"ada","displayName":null,"links":[],"profilePicture":null,"pictureSizes":{},"picturePlaceholder":null}`,
	},
	{
		id: "getUserPicture", method: "GET", path: "/api/users/ada/picture?size=64", anonymous: true, status: 302,
		header: map[string]string{"Location": "/api/pictures/a-64.jpg"},
	},
	{
		id: "getUserPicture", method: "GET", path: "/api/users/bob/picture", anonymous: true, status: 200, answerType: "image/png", answer: pngHex,
		header: map[string]string{
			"Cache-Control": "private, no-cache", "ETag": `"i1-42-aa5500-512.png"`,
			"Content-Security-Policy": "default-src 'none'; sandbox", "Content-Disposition": "inline",
		},
	},
	{
		id: "getPicture", method: "GET", path: "/api/pictures/a-64.jpg", anonymous: true, status: 200, answerType: "image/jpeg", answer: jpegHex,
		header: map[string]string{
			"Cache-Control": "public, max-age=31536000, immutable", "ETag": `"a-64.jpg"`,
			"Content-Security-Policy": "default-src 'none'; sandbox", "Content-Disposition": "inline",
		},
	},
	{
		id: "getPicture", method: "GET", path: "/api/pictures/a-64.jpg", anonymous: true, status: 302,
		header: map[string]string{"Cache-Control": "private, max-age=30", "Location": "https://bucket.example/a-64.jpg?signature=x"},
	},
	{id: "getSettings", method: "GET", path: "/api/settings", status: 200, answerType: jsonT, answer: doc, header: tagged},
	{
		id: "patchSettings", method: "PATCH", path: "/api/settings", contentType: jsonT, body: `{"appearance":{"theme":"dark","accent":null},"locale":null}`,
		status: 200, answerType: jsonT, answer: doc, header: tagged,
	},
	{
		id: "listActivity", method: "GET", path: "/api/activity?limit=100&kind=auth.sign_in&cursor=", status: 200, answerType: jsonT,
		answer: `{"items":[{"id":"e","kind":"auth.sign_in","at":"2026-11-20T08:00:00Z","ip":null,"device":null,"place":null,"detail":{"method":"password"}}],"next":"abc"}`,
	},
	{
		id: "getCapabilities", method: "GET", path: "/api/capabilities", anonymous: true, status: 200, answerType: jsonT,
		answer: capabilities, header: map[string]string{"Cache-Control": "public, max-age=60"},
	},
	{
		id: "getContract", method: "GET", path: "/api/openapi.json", anonymous: true, status: 200, answerType: jsonT,
		answer: `{"openapi":"3.1.0","info":{},"paths":{}}`, header: map[string]string{"Cache-Control": "public, max-age=300"},
	},
	{
		id: "uploadProfile", method: "POST", path: "/upload-profile", contentType: formType, body: formBody, status: 200, answerType: jsonT,
		answer: `{"success":true,"imageUrl":"/api/pictures/a-512.jpg"}`,
	},
	{
		id: "getDefaultAvatar", method: "GET", path: "/default-avatar.png", anonymous: true, status: 200, answerType: "image/png", answer: pngHex,
		header: map[string]string{"Cache-Control": "public, max-age=86400"},
	},
}

// problems are good refusals, one of each kind.
var problems = []sample{
	{
		method: "POST", path: "/api/auth/login", status: 401, answerType: problem, header: map[string]string{"WWW-Authenticate": "Bearer"},
		answer: `{"status":401,"title":"Unauthorized","detail":"No.","code":"invalid_credentials"}`,
	},
	{
		method: "POST", path: "/api/auth/register", status: 409, answerType: problem,
		answer: `{"status":409,"title":"Conflict","detail":"Taken.","code":"taken","errors":[{"field":"username","code":"taken","message":"Taken."}]}`,
	},
	{
		method: "POST", path: "/api/auth/register", status: 429, answerType: problem, header: map[string]string{"Retry-After": "30"},
		answer: `{"status":429,"title":"Too Many Requests","detail":"Wait.","code":"rate_limited"}`,
	},
	{
		method: "PATCH", path: "/api/profile", status: 400, answerType: problem,
		answer: `{"status":400,"title":"Bad Request","detail":"No.","code":"unknown_field","errors":[{"field":"Role","code":"unknown_field","message":"No."}]}`,
	},
	{method: "PATCH", path: "/api/profile", status: 400, answerType: problem, answer: `{"status":400,"title":"Bad Request","detail":"No.","code":"malformed_json"}`},
	{method: "PUT", path: "/api/profile", status: 403, answerType: problem, answer: `{"status":403,"title":"Forbidden","detail":"No.","code":"forbidden"}`},
	{
		method: "PATCH", path: "/api/profile", status: 422, answerType: problem,
		answer: `{"status":422,"title":"Unprocessable Entity","detail":"No.","code":"email_change_unavailable"}`,
	},
	{
		method: "PATCH", path: "/api/settings", status: 422, answerType: problem,
		answer: `{"status":422,"title":"Unprocessable Entity","detail":"No.","code":"invalid","errors":[{"field":"","code":"type","message":"No."}]}`,
	},
	{method: "GET", path: "/api/activity?cursor=x", status: 400, answerType: problem, answer: `{"status":400,"title":"Bad Request","detail":"No.","code":"bad_cursor"}`},
	{method: "GET", path: "/api/users/nobody", status: 404, answerType: problem, answer: `{"status":404,"title":"Not Found","detail":"No.","code":"not_found"}`},
	{method: "GET", path: "/api/nothing/here", status: 404, answerType: problem, answer: `{"status":404,"title":"Not Found","detail":"No.","code":"not_found"}`},
	{method: "GET", path: "/api/profile/", status: 404, answerType: problem, answer: `{"status":404,"title":"Not Found","detail":"No.","code":"not_found"}`},
	{
		method: "TRACE", path: "/api/settings", status: 405, answerType: problem, header: map[string]string{"Allow": "GET, HEAD, PATCH"},
		answer: `{"status":405,"title":"Method Not Allowed","detail":"No.","code":"method_not_allowed"}`,
	},
	{
		method: "POST", path: "/api/auth/password/reset", status: 422, answerType: problem,
		answer: `{"status":422,"title":"Unprocessable Entity","detail":"No.","code":"invalid_token"}`,
	},
	{
		method: "POST", path: "/api/auth/email/change", status: 403, answerType: problem,
		answer: `{"status":403,"title":"Forbidden","detail":"No.","code":"reauthentication_required"}`,
	},
	{
		method: "PATCH", path: "/api/profile", status: 403, answerType: problem,
		answer: `{"status":403,"title":"Forbidden","detail":"No.","code":"proof_required","params":{"state":"mailbox","missing":[["mailbox"],["wait"]],"mayWait":true,"waitUntil":null}}`,
	},
	{
		method: "POST", path: "/api/auth/mfa/totp", status: 403, answerType: problem,
		answer: `{"status":403,"title":"Forbidden","detail":"No.","code":"change_refused","params":{"reason":"host_only"}}`,
	},
	{
		method: "GET", path: "/api/activity?limit=0", status: 400, answerType: problem,
		answer: `{"status":400,"title":"Bad Request","detail":"No.","code":"bad_parameter","errors":[{"field":"limit","code":"out_of_range","params":{"min":1,"max":100},"message":"No."}]}`,
	},
	{
		method: "POST", path: "/api/auth/email/verify", status: 422, answerType: problem,
		answer: `{"status":422,"title":"Unprocessable Entity","detail":"No.","code":"confirmation_required","params":{"username":"ada","account":"made"},` +
			`"errors":[{"field":"password","code":"required","message":"is required"}]}`,
	},
	{
		method: "POST", path: "/api/auth/mfa/recovery/confirm", status: 409, answerType: problem,
		answer: `{"status":409,"title":"Conflict","detail":"No.","code":"too_early","params":{"from":"2026-11-25T08:00:00Z"}}`,
	},
	{
		method: "PUT", path: "/api/profile/picture", status: 422, answerType: problem,
		answer: `{"status":422,"title":"Unprocessable Entity","detail":"No.","code":"picture_rejected","params":{"reason":"pixels"}}`,
	},
	{
		method: "PATCH", path: "/api/settings", status: 422, answerType: problem,
		answer: `{"status":422,"title":"Unprocessable Entity","detail":"No.","code":"invalid","errors":[{"field":"app.shop.seats","code":"shop.sold_out","message":"No."}]}`,
	},
	{method: "POST", path: "/upload-profile", status: 415, answerType: jsonT, answer: `{"success":false,"message":"No."}`},
	{method: "POST", path: "/upload-profile", status: 429, answerType: jsonT, answer: `{"success":false,"message":"No."}`, header: map[string]string{"Retry-After": "1"}},
}

// exchange builds what Check takes; each call is a new one, free to be spoiled.
func (s sample) exchange(t *testing.T) contract.Exchange {
	t.Helper()
	r := httptest.NewRequest(s.method, s.path, strings.NewReader(s.body))
	if s.contentType != "" {
		r.Header.Set("Content-Type", s.contentType)
	}
	if !s.anonymous {
		r.Header.Set("Cookie", "__Host-profilekit=x")
	}
	h := http.Header{
		"X-Request-Id": {"4PLM7Q2XD6T3VYB5NAHKCEW2RS"}, "X-Content-Type-Options": {"nosniff"},
		"Cache-Control": {"no-store"}, "Vary": {"Cookie, Authorization"}, "Date": {"x"},
	}
	if s.answerType != "" {
		h.Set("Content-Type", s.answerType)
	}
	for k, v := range s.header {
		h.Set(k, v)
	}
	return contract.Exchange{
		Request: r, RequestBody: []byte(s.body), Body: []byte(s.answer),
		Response: &http.Response{StatusCode: s.status, Header: h},
	}
}

// readDocument makes one Validator for all tests, since checking the document
// itself takes longer than many a test.
var readDocument = sync.OnceValues(func() (*contract.Validator, error) {
	data, err := os.ReadFile("../../httpadapter/openapi.json")
	if err != nil {
		return nil, err
	}
	return contract.New(data)
})

func validator(t *testing.T) *contract.Validator {
	t.Helper()
	v, err := readDocument()
	if err != nil {
		t.Fatal(err)
	}
	return v
}
