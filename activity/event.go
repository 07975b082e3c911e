package activity

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"time"
)

// NewEvent returns an event of the user that happened at the time at, from
// the source that ctx carries (see WithSource), with a fresh ID.
//
// The ID is a UUID of version 7 (RFC 9562) of at: milliseconds, then the
// fraction of the millisecond in rand_a (section 6.2, method 3), then 62
// random bits, so that IDs sort as their times do.
func NewEvent(ctx context.Context, kind Kind, userID string, at time.Time, detail map[string]string) Event {
	at = at.UTC().Truncate(time.Microsecond)
	return Event{
		ID: newID(at), UserID: userID, Kind: kind, At: at,
		Source: SourceFrom(ctx), Detail: detail,
	}
}

func newID(at time.Time) string {
	var u [16]byte
	rand.Read(u[8:])
	micros := at.UnixMicro()
	ms, rest := micros/1000, micros%1000
	if rest < 0 { // before 1970
		ms, rest = ms-1, rest+1000
	}
	frac := uint16(rest * 4096 / 1000)
	u[0], u[1], u[2] = byte(ms>>40), byte(ms>>32), byte(ms>>24)
	u[3], u[4], u[5] = byte(ms>>16), byte(ms>>8), byte(ms)
	u[6] = 0x70 | byte(frac>>8)
	u[7] = byte(frac)
	u[8] = u[8]&0x3f | 0x80

	var b [36]byte
	hex.Encode(b[0:8], u[0:4])
	b[8] = '-'
	hex.Encode(b[9:13], u[4:6])
	b[13] = '-'
	hex.Encode(b[14:18], u[6:8])
	b[18] = '-'
	hex.Encode(b[19:23], u[8:10])
	b[23] = '-'
	hex.Encode(b[24:36], u[10:16])
	return string(b[:])
}
