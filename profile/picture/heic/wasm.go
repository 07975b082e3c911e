package heic

import "errors"

// Sections of a WebAssembly module by number (WebAssembly 2.0, 5.5.2).
const (
	wasmCustom   = 0
	wasmTypes    = 1
	wasmImports  = 2
	wasmGlobals  = 6
	wasmExports  = 7
	wasmStart    = 8
	wasmElements = 9
	wasmCode     = 10
	wasmData     = 11
	wasmCount    = 12 // of data; it stands before the code
)

var errWasm = errors.New("a kind of WebAssembly that is not known here")

// wasmReader reads a module. After the end it reads zeros and is bad, which is
// asked at the end of each section.
type wasmReader struct {
	b   []byte
	bad bool
}

func (r *wasmReader) bytes(n uint32) []byte {
	if uint64(n) > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *wasmReader) byte() byte {
	if b := r.bytes(1); len(b) == 1 {
		return b[0]
	}
	return 0
}

// u32 reads a number in LEB128.
func (r *wasmReader) u32() uint32 {
	var v uint64
	for shift := 0; shift < 35; shift += 7 {
		b := r.byte()
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			if v > 1<<32-1 {
				break
			}
			return uint32(v)
		}
	}
	r.bad = true
	return 0
}

// skip steps over a number of any width and sign.
func (r *wasmReader) skip() {
	for range 10 {
		if r.byte() < 0x80 {
			return
		}
	}
	r.bad = true
}

func appendU32(out []byte, v uint32) []byte {
	for ; v >= 0x80; v >>= 7 {
		out = append(out, byte(v)|0x80)
	}
	return append(out, byte(v))
}

func appendVector(out, body []byte) []byte { return append(appendU32(out, uint32(len(body))), body...) }

// immediates steps over what follows an opcode.
func (r *wasmReader) immediates(op byte) error {
	switch {
	case op == 0x0e: // br_table
		for range r.u32() {
			if r.skip(); r.bad {
				break
			}
		}
		r.skip()
	case op == 0x02, op == 0x03, op == 0x04, // block, loop, if
		op == 0x0c, op == 0x0d, op >= 0x20 && op <= 0x26, // branches, variables, tables
		op == 0x41, op == 0x42, // constants
		op == 0x3f, op == 0x40, op == 0xd0: // memory.size, memory.grow, ref.null
		r.skip()
	case op == 0x11, op >= 0x28 && op <= 0x3e: // call_indirect, loads, stores
		r.skip()
		r.skip()
	case op == 0x1c: // select of a type
		r.bytes(r.u32())
	case op == 0x43:
		r.bytes(4)
	case op == 0x44:
		r.bytes(8)
	case op == 0xfc:
		return r.bulk(r.u32())
	case op == 0xfd:
		r.vectors(r.u32())
	case op <= 0x01, op == 0x05, op == 0x0b, op == 0x0f, op == 0x1a, op == 0x1b, op >= 0x45 && op <= 0xc4, op == 0xd1:
	default:
		return errWasm
	}
	return nil
}

func (r *wasmReader) bulk(op uint32) error {
	switch {
	case op <= 7:
	case op == 9, op == 11, op == 13, op >= 15 && op <= 17:
		r.skip()
	case op == 8, op == 10, op == 12, op == 14:
		r.skip()
		r.skip()
	default:
		return errWasm
	}
	return nil
}

func (r *wasmReader) vectors(op uint32) {
	switch {
	case op <= 11, op == 92, op == 93: // loads, stores
		r.skip()
		r.skip()
	case op == 12, op == 13: // a constant, a shuffle
		r.bytes(16)
	case op >= 21 && op <= 34: // one lane
		r.bytes(1)
	case op >= 84 && op <= 91: // loads and stores of one lane
		r.skip()
		r.skip()
		r.bytes(1)
	}
}
