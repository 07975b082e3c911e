package blackbox

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"mime/multipart"
	"net/textproto"
	"strings"
	"testing"
)

// photo is a JPEG whose colour depends on n.
func photo(t *testing.T, n uint8) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 96, 64))
	for y := range 64 {
		for x := range 96 {
			m.Set(x, y, color.RGBA{n, uint8(2 * x), uint8(3 * y), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// field is one part of a form; one with a file name is a file.
type field struct{ name, file, value string }

// form makes a multipart body of the fields.
func form(t *testing.T, fields ...field) (contentType string, body []byte) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, f := range fields {
		h := textproto.MIMEHeader{"Content-Disposition": {`form-data; name="` + f.name + `"`}}
		if f.file != "" {
			h = textproto.MIMEHeader{
				"Content-Disposition": {`form-data; name="` + f.name + `"; filename="` + f.file + `"`},
				"Content-Type":        {"application/octet-stream"},
			}
		}
		part, err := w.CreatePart(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write([]byte(f.value)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), b.Bytes()
}

// upload sets a picture and returns its largest URL.
func (c *client) upload(n uint8) string {
	c.t.Helper()
	r := c.do("PUT", "/api/profile/picture", "image/jpeg", photo(c.t, n)).want(200)
	return r.object()["picture"].(map[string]any)["url"].(string)
}

// call is a good request of an operation, for the tests that spoil it.
type call struct {
	method, path, contentType string
	body                      []byte
}

func (c call) name() string { return c.method + " " + c.path }

func (c call) isJSON() bool { return c.contentType == jsonType }

// do sends the call as c would.
func (c *client) call(k call, headers ...string) reply {
	c.t.Helper()
	return c.do(k.method, k.path, k.contentType, k.body, headers...)
}

// ids are what paths of a call name.
type ids struct{ username, key, session string }

// calls returns one good request for each operation of the document, and fails
// for one that it does not know, so that none is forgotten.
func (w *world) calls(t *testing.T, of ids) []call {
	t.Helper()
	return w.callsWith(t, of, w.links(t))
}

// callsWith is calls with tokens of links that are there already.
func (w *world) callsWith(t *testing.T, of ids, mail map[string]string) []call {
	t.Helper()
	formType, formBody := form(t, field{"profile_picture", "me.jpg", string(photo(t, 9))})
	bodies := map[string]call{
		"register":              {contentType: jsonType, body: []byte(`{"username":"mallory","email":"mallory@example.org","password":"` + password + `"}`)},
		"login":                 {contentType: jsonType, body: []byte(`{"login":"` + of.username + `","password":"` + password + `"}`)},
		"reauthenticate":        {contentType: jsonType, body: []byte(`{"password":"` + password + `"}`)},
		"changePassword":        {contentType: jsonType, body: []byte(`{"currentPassword":"` + password + `","newPassword":"another horse, another staple"}`)},
		"forgotPassword":        {contentType: jsonType, body: []byte(`{"email":"` + of.username + `@example.org"}`)},
		"resetPassword":         {contentType: jsonType, body: []byte(`{"token":"` + mail["reset"] + `","password":"another horse, another staple"}`)},
		"changeEmail":           {contentType: jsonType, body: []byte(`{"email":"new-` + of.username + `@example.org"}`)},
		"patchProfile":          {contentType: jsonType, body: []byte(`{"bio":"changed"}`)},
		"putProfile":            {contentType: jsonType, body: []byte(`{"username":"renamed","email":"` + of.username + `@example.org"}`)},
		"putPicture":            {contentType: "image/jpeg", body: photo(t, 8)},
		"beginDirectPicture":    {contentType: jsonType, body: []byte(`{"contentType":"image/jpeg"}`)},
		"completeDirectPicture": {contentType: jsonType, body: []byte(`{"crop":null}`)},
		"patchSettings":         {contentType: jsonType, body: []byte(`{"appearance":{"theme":"dark"}}`)},
		"uploadProfile":         {contentType: formType, body: formBody},
		"finishSignIn":          {contentType: jsonType, body: []byte(`{"method":"totp","code":"123456"}`)},
		"beginTOTP":             {contentType: jsonType, body: []byte(`{"name":"Phone"}`)},
		"confirmTOTP":           {contentType: jsonType, body: []byte(`{"code":"123456"}`)},
		"sendCode":              {contentType: jsonType, body: []byte(`{"method":"sms"}`)},
		"sendProofCode":         {contentType: jsonType, body: []byte(`{"method":"sms"}`)},
		"confirmRecovery":       {contentType: jsonType, body: []byte(tokenBody(strings.Repeat("A", 43)))},
		"beginPhone":            {contentType: jsonType, body: []byte(`{"phone":"+41791234567"}`)},
		"confirmPhone":          {contentType: jsonType, body: []byte(`{"code":"123456"}`)},
		"confirmEmailCodes":     {contentType: jsonType, body: []byte(`{"code":"123456"}`)},
		"beginPasskey":          {contentType: jsonType, body: []byte(`{"purpose":"sign_in"}`)},
		"finishPasskey":         {contentType: jsonType, body: []byte(`{"state":"x","credential":{}}`)},
		"addPasskey":            {contentType: jsonType, body: []byte(`{"state":"x","credential":{},"name":"Phone"}`)},
		"renamePasskey":         {contentType: jsonType, body: []byte(`{"name":"Key ring"}`)},
		"proveMailbox":          {contentType: jsonType, body: []byte(`{"code":"0f3k-q82m-7xwa"}`)},
	}
	bodies["verifyEmail"] = call{contentType: jsonType, body: []byte(`{"token":"` + mail["verify"] + `","password":"` + password + `"}`)}
	for id, kind := range map[string]string{
		"confirmEmailChange": "email_change", "undoEmailChange": "email_changing", "report": "report",
	} {
		bodies[id] = call{contentType: jsonType, body: []byte(`{"token":"` + mail[kind] + `"}`)}
	}
	without := map[string]bool{
		"resendVerification": true, "resetPage": true, "verifyPage": true, "emailPage": true, "undoPage": true, "notMePage": true, "recoverPage": true, "beginRecovery": true,
		"logout": true, "listSessions": true, "endOtherSessions": true, "endSession": true, "getProfile": true, "deletePicture": true, "getUser": true,
		"getUserPicture": true, "getPicture": true, "getSettings": true, "listActivity": true, "getCapabilities": true, "getContract": true, "getDefaultAvatar": true,
		"exportProfile": true, "deleteProfile": true, "restoreProfile": true, "beginEmailCodes": true, "beginAddPasskey": true, "removePasskey": true, "listFactors": true, "renewRecoveryCodes": true, "removeFactor": true, "listDevices": true, "removeDevice": true,
		"getProofs": true, "sendMailCode": true, "beginWait": true, "cancelWait": true,
	}
	var out []call
	for _, op := range w.v.Operations() {
		k, ok := bodies[op.ID]
		if !ok && !without[op.ID] {
			t.Fatalf("no example of %s %s", op.Method, op.Path)
		}
		k.method = op.Method
		k.path = strings.NewReplacer("{username}", of.username, "{key}", of.key, "{id}", of.session).Replace(op.Path)
		out = append(out, k)
	}
	return out
}
