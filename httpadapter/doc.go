// Package httpadapter mounts profilekit as ready-made HTTP handlers onto any
// net/http mux: registration, sign-in, sessions, the profile and its picture,
// settings and activity, as JSON under one base path. The contract is the
// OpenAPI 3.1 file that it serves at {base}/openapi.json.
//
//	app, err := httpadapter.New(httpadapter.Config{
//		Stores:  httpadapter.StoresOf(db), // *sqlstore.DB, or your own
//		Blobs:   pics,                     // diskblob, s3blob, …
//		Keys:    keys,                     // auth/keyring
//		BaseURL: "https://example.org",    // decides cookie name and Secure
//	})
//	app.Register(mux)
//	err = app.Run(ctx) // beside the server, until ctx ends
//
// A Config is put together of the policies of the packages below: auth.Policy,
// profile.Policy, picture.Policy, activity.Policy and notify.Policy. Their zero values
// are a good start. New refuses what can have no effect beside the rest, and
// App.Features says what is on, off and hidden, and why; clients read a part of it at
// {base}/capabilities.
//
// The host's own handlers learn who is calling from RequireUser and User:
//
//	mux.Handle("GET /orders", app.RequireUser(orders)) // User(r.Context()) inside
//
// New starts nothing. Run sends mail and does the cleaning (expired sessions, pictures
// that nobody points to) until its context ends.
//
// A server that stops while requests are under way should end their context
// before the patience of its Shutdown is over. What still waits then, for a
// slow body, for a hash or for the database, is answered with 503 instead of
// being cut:
//
//	base, stop := context.WithCancel(context.Background())
//	server := &http.Server{Handler: mux, BaseContext: func(net.Listener) context.Context { return base }}
//	// … on SIGTERM:
//	time.AfterFunc(5*time.Second, stop)
//	err := server.Shutdown(tenSeconds)
package httpadapter
