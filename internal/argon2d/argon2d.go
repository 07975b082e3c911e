// Package argon2d computes Argon2d, version 0x13, as RFC 9106 describes it:
//
//	key := argon2d.Key(password, salt, 3, 64*1024, 4, 32)
//
// It is there to verify the hashes of other programs; golang.org/x/crypto has
// the other two variants only. New hashes are Argon2id. The lanes are computed
// one after the other.
package argon2d

import (
	"encoding/binary"
	"math/bits"

	"golang.org/x/crypto/blake2b"
)

const (
	version  = 0x13
	variantD = 0
	slices   = 4   // synchronisation points of a pass
	words    = 128 // of a block: 1024 bytes
)

type block [words]uint64

// Key derives length bytes. time is at least 1, memory (KiB) at least 8 times
// threads, threads at least 1 and length at least 4; the caller has checked
// that, and that they are bearable.
func Key(password, salt []byte, time, memory uint32, threads uint8, length uint32) []byte {
	return derive(password, salt, nil, nil, time, memory, uint32(threads), length)
}

func derive(password, salt, secret, data []byte, time, memory, threads, length uint32) []byte {
	seed := first(password, salt, secret, data, time, memory, threads, length)
	segment := memory / (slices * threads)
	m := matrix{lane: segment * slices, segment: segment, lanes: threads}
	m.blocks = make([]block, m.lane*threads)
	m.begin(seed)
	for pass := range time {
		for slice := range uint32(slices) {
			for lane := range threads {
				m.fill(pass, slice, lane)
			}
		}
	}
	last := m.blocks[m.lane-1]
	for lane := uint32(1); lane < threads; lane++ {
		for i, v := range m.blocks[lane*m.lane+m.lane-1] {
			last[i] ^= v
		}
	}
	return long(bytesOf(&last), int(length))
}

// first is H0 of section 3.2.
func first(password, salt, secret, data []byte, time, memory, threads, length uint32) []byte {
	var in []byte
	for _, v := range []uint32{threads, length, memory, time, version, variantD} {
		in = binary.LittleEndian.AppendUint32(in, v)
	}
	for _, v := range [][]byte{password, salt, secret, data} {
		in = append(binary.LittleEndian.AppendUint32(in, uint32(len(v))), v...)
	}
	sum := blake2b.Sum512(in)
	return sum[:]
}

// matrix is the memory: lanes of blocks, one lane after the other.
type matrix struct {
	blocks        []block
	lane, segment uint32 // lengths in blocks
	lanes         uint32
}

// begin makes the first two blocks of each lane.
func (m *matrix) begin(seed []byte) {
	for lane := range m.lanes {
		for column := range uint32(2) {
			in := append([]byte(nil), seed...)
			in = binary.LittleEndian.AppendUint32(in, column)
			in = binary.LittleEndian.AppendUint32(in, lane)
			b := &m.blocks[lane*m.lane+column]
			raw := long(in, words*8)
			for i := range b {
				b[i] = binary.LittleEndian.Uint64(raw[8*i:])
			}
		}
	}
}

// fill computes one segment of one lane.
func (m *matrix) fill(pass, slice, lane uint32) {
	index := uint32(0)
	if pass == 0 && slice == 0 {
		index = 2
	}
	for ; index < m.segment; index++ {
		at := slice*m.segment + index
		before := at - 1
		if at == 0 {
			before = m.lane - 1
		}
		previous := &m.blocks[lane*m.lane+before]
		other := m.reference(pass, slice, lane, index, previous[0])
		m.blocks[lane*m.lane+at].mix(previous, &m.blocks[other], pass > 0)
	}
}

// reference is the block that the random number r points to (section 3.4).
func (m *matrix) reference(pass, slice, lane, index uint32, r uint64) uint32 {
	from := uint32(r>>32) % m.lanes
	if pass == 0 && slice == 0 {
		from = lane
	}
	start, area := uint32(0), slice*m.segment
	if pass > 0 {
		start, area = (slice+1)%slices*m.segment, m.lane-m.segment
	}
	switch {
	case from == lane:
		area += index - 1
	case index == 0:
		area--
	}
	x := uint64(uint32(r))
	x = x * x >> 32
	back := uint32(uint64(area) * x >> 32)
	return from*m.lane + (start+area-1-back)%m.lane
}

// mix is the compression function G of section 3.5, into b; xor adds what b was.
func (b *block) mix(x, y *block, xor bool) {
	var r, z block
	for i := range r {
		r[i] = x[i] ^ y[i]
	}
	z = r
	for row := 0; row < words; row += 16 {
		var at [16]int
		for i := range at {
			at[i] = row + i
		}
		z.permute(&at)
	}
	for column := 0; column < 16; column += 2 {
		var at [16]int
		for i := range at {
			at[i] = column + i/2*16 + i%2
		}
		z.permute(&at)
	}
	for i := range z {
		v := z[i] ^ r[i]
		if xor {
			v ^= b[i]
		}
		b[i] = v
	}
}

// permute is P of section 3.6: a round of BLAKE2b with multiplications.
func (b *block) permute(at *[16]int) {
	var v [16]uint64
	for i, p := range at {
		v[i] = b[p]
	}
	for i := range 4 {
		quarter(&v[i], &v[4+i], &v[8+i], &v[12+i])
	}
	for i := range 4 {
		quarter(&v[i], &v[4+(i+1)%4], &v[8+(i+2)%4], &v[12+(i+3)%4])
	}
	for i, p := range at {
		b[p] = v[i]
	}
}

func quarter(a, b, c, d *uint64) {
	*a = add(*a, *b)
	*d = bits.RotateLeft64(*d^*a, -32)
	*c = add(*c, *d)
	*b = bits.RotateLeft64(*b^*c, -24)
	*a = add(*a, *b)
	*d = bits.RotateLeft64(*d^*a, -16)
	*c = add(*c, *d)
	*b = bits.RotateLeft64(*b^*c, -63)
}

func add(x, y uint64) uint64 { return x + y + 2*uint64(uint32(x))*uint64(uint32(y)) }

// long is the hash of variable length H' of section 3.3.
func long(in []byte, length int) []byte {
	in = append(binary.LittleEndian.AppendUint32(nil, uint32(length)), in...)
	if length <= blake2b.Size {
		return hash(in, length)
	}
	var out []byte
	v := hash(in, blake2b.Size)
	for length-len(out) > blake2b.Size {
		out = append(out, v[:32]...)
		v = hash(v, min(blake2b.Size, length-len(out)))
	}
	return append(out, v...)
}

func hash(in []byte, size int) []byte {
	h, err := blake2b.New(size, nil)
	if err != nil {
		return nil // size is from 1 to 64
	}
	h.Write(in)
	return h.Sum(nil)
}

func bytesOf(b *block) []byte {
	out := make([]byte, 0, words*8)
	for _, v := range b {
		out = binary.LittleEndian.AppendUint64(out, v)
	}
	return out
}
