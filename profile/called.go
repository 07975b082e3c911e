package profile

// MailAccount is the user name as a message to the address or phone number to may show it,
// within quotes: it says which account the message is about, and what its reader is called. A
// display name is in no message, since a thief would write to the owner by it. A place that was never proved
// to be u's may be somebody else's, who is shown only a name that CheckUsername takes; for
// any other, such as one of an adopted table, it is "".
func (u User) MailAccount(to string) string {
	if u.Reads(to) || CheckUsername(u.Username, nil) == nil {
		return u.Username
	}
	return ""
}

// Reads reports whether u was proved to read what is sent to the address or phone number
// to. A message to any other place may be read by a stranger.
func (u User) Reads(to string) bool {
	return to != "" && (u.EmailVerified && to == u.Email || to == u.Phone)
}
