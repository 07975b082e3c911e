// Package notify is who is told of what, by which channel. A Notifier is the
// authmail.Courier of a host, which brings links and codes to people, and the
// activity.Recorder that tells the owner of an account what happened to it:
//
//	app, err := httpadapter.New(httpadapter.Config{
//		Name: "Example", Stores: httpadapter.StoresOf(db), Keys: keys, BaseURL: "https://example.org",
//		Mail: notify.Policy{Senders: map[authmail.Channel]notify.Sender{authmail.ByEmail: mailer}},
//	})
//	err = app.Run(ctx) // sends what waits, and cleans up
//
// A host without package httpadapter makes the Notifier by itself, gives it to
// auth.Config as Courier and to every service as Recorder, and calls its Run.
//
// A message is a row of the outbox, sealed, written in the transaction of what
// it is about: one that is rolled back is never sent, one that is committed is
// sent at least once. Workers on any number of nodes claim rows, send, wait
// longer after each failure and in the end give the message up, see Notifier.DeadItems
// and Notifier.Stats. A worker that dies leaves nothing behind but a claim, which ends
// SendTimeout and 4 minutes after it began; until then its letter and those of the same
// user and class wait.
//
// Links and codes go before notices, and users take turns: see OutboxStore.
//
// Package smtp sends mail; Files writes it into a folder, for development. An
// SMS gateway, a queue or anything else is a Sender of a few lines.
//
// The users choose by PreferencesSection which categories reach them by which
// channel; the e-mail of Security cannot be switched off:
//
//	prefs, err := settings.Get(ctx, service, notify.PreferencesSection, userID)
//	if prefs[notify.Account].Email { … }
package notify
