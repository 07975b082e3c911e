package heic

import "encoding/binary"

// maxBoxes bounds the boxes that are looked at in one file. A picture of a
// phone has some hundreds, most of them one for each tile.
const maxBoxes = 20_000

// boxWalk counts boxes across a whole file. Nothing here calls itself: each
// level of nesting that a picture has is walked by name, so that boxes within
// boxes go no deeper than that.
type boxWalk struct{ count int }

// each calls do for every box of data (ISO/IEC 14496-12, 4.2). A box that
// claims more than there is ends the walk with errDamaged, after the ones
// before it were seen; to is handed what there is of it first when open is set.
func (w *boxWalk) each(data []byte, open bool, do func(kind string, body []byte) error) error {
	for len(data) > 0 {
		if w.count++; w.count > maxBoxes {
			return tooManyf("boxes", maxBoxes)
		}
		if len(data) < 8 {
			return errDamaged
		}
		kind, head, size := string(data[4:8]), uint64(8), uint64(binary.BigEndian.Uint32(data))
		switch size {
		case 0: // to the end of the file
			if !open {
				return errDamaged
			}
			size = uint64(len(data))
		case 1: // the size is in 64 bits
			if len(data) < 16 {
				return errDamaged
			}
			head, size = 16, binary.BigEndian.Uint64(data[8:])
		}
		if size < head {
			return errDamaged
		}
		if size > uint64(len(data)) {
			if open {
				if err := do(kind, data[head:]); err != nil {
					return err
				}
			}
			return errDamaged
		}
		if err := do(kind, data[head:size]); err != nil {
			return err
		}
		data = data[size:]
	}
	return nil
}

// cursor reads numbers from the front of a box. After the end it reads zeros
// and is bad, which is asked once, when all is read.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) take(n uint64) []byte {
	if c.bad || n > uint64(len(c.b)) {
		c.bad, c.b = true, nil
		return nil
	}
	out := c.b[:n:n]
	c.b = c.b[n:]
	return out
}

// uint reads a number of n bytes, at most 8.
func (c *cursor) uint(n int) uint64 {
	var v uint64
	for _, b := range c.take(uint64(n)) {
		v = v<<8 | uint64(b)
	}
	return v
}

func (c *cursor) u8() uint8   { return uint8(c.uint(1)) }
func (c *cursor) u16() uint16 { return uint16(c.uint(2)) }
func (c *cursor) u32() uint32 { return uint32(c.uint(4)) }

// full reads the version and flags that a full box begins with.
func (c *cursor) full() (version uint8, flags uint32) {
	v := c.u32()
	return uint8(v >> 24), v & 0xffffff
}

// id reads the number of an item, which newer versions of a box write in four
// bytes.
func (c *cursor) id(wide bool) uint32 {
	if wide {
		return c.u32()
	}
	return uint32(c.u16())
}
