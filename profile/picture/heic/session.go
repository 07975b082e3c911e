package heic

import (
	"context"
	"encoding/binary"

	"github.com/tetratelabs/wazero/api"
)

// Numbers of libheif (heif.h: heif_colorspace, heif_chroma).
const (
	colorspaceYCbCr = 0
	colorspaceGray  = 2
)

// session is a decoder at work on one tile. What it allocates is freed with all
// its memory.
type session struct {
	ctx         context.Context
	engine      *engine
	late        bool // a call was stopped
	mod         api.Module
	malloc, run api.Function
}

// planes are the samples of a tile. They lie in the decoder's memory and are
// gone with the session.
type planes struct {
	y, cb, cr       []byte // the last two nil for gray
	yStride, stride int
}

// guard bytes follow the room for the samples. The decoder's wrapper copies
// rows of whatever length libheif chose; if that is not what we think, they
// are overwritten.
var guard = []byte("profilekit: nothing is written to here.\x00\xff\x55\xaa")

// decode decodes the file that coded.file made.
func (s *session) decode(file []byte, want stream) (planes, error) {
	in, err := s.alloc(len(file))
	if err != nil {
		return planes{}, err
	}
	mem := s.mod.Memory()
	if !mem.Write(in, file) {
		return planes{}, errDamaged
	}
	info, err := s.alloc(20)
	if err != nil {
		return planes{}, err
	}
	call := func(configOnly uint64, out uint32) error {
		at := uint64(info)
		res, err := s.call(s.run, uint64(in), uint64(len(file)), configOnly, at, at+4, at+8, at+12, at+16, uint64(out))
		if err != nil || len(res) != 1 || uint32(res[0]) == 0 {
			return errDamaged
		}
		b, ok := mem.Read(info, 16)
		if !ok {
			return errDamaged
		}
		var got [4]int
		for i := range got {
			got[i] = int(binary.LittleEndian.Uint32(b[4*i:]))
		}
		space := colorspaceYCbCr
		if want.chroma == 0 {
			space = colorspaceGray
		}
		if got != [4]int{want.width, want.height, space, want.chroma} {
			return errDamaged
		}
		return nil
	}
	if err := call(1, 0); err != nil {
		return planes{}, err
	}

	p, luma, chroma := layout(want)
	size := luma + 2*chroma
	out, err := s.alloc(size + len(guard))
	if err != nil {
		return planes{}, err
	}
	if !mem.Write(out+uint32(size), guard) {
		return planes{}, errDamaged
	}
	if err := call(0, out); err != nil {
		return planes{}, err
	}
	b, ok := mem.Read(out, uint32(size+len(guard)))
	if !ok || string(b[size:]) != string(guard) {
		return planes{}, errDamaged
	}
	p.y = b[:luma]
	if chroma > 0 {
		p.cb, p.cr = b[luma:luma+chroma], b[luma+chroma:size]
	}
	return p, nil
}

// layout says how long rows and planes are in libheif 1.18: a plane is at
// least 64 samples wide and a whole number of pairs, a row a multiple of 16.
func layout(s stream) (p planes, luma, chroma int) {
	row := func(width int) int { return (max(width+width%2, 64) + 15) &^ 15 }
	p.yStride = row(s.width)
	if s.chroma > 0 {
		fx, fy := one444(s.chroma)
		p.stride = row((s.width + fx - 1) / fx)
		chroma = p.stride * ((s.height + fy - 1) / fy)
	}
	return p, p.yStride * s.height, chroma
}

// call calls a function of the module, and stops it when the caller is gone or
// it takes too long.
func (s *session) call(f api.Function, args ...uint64) ([]uint64, error) {
	ctx, cancel := context.WithTimeout(s.ctx, s.engine.patience)
	defer cancel()
	res, err := f.Call(ctx, args...)
	if err != nil && ctx.Err() != nil {
		s.late = true
	}
	return res, err
}

func (s *session) alloc(n int) (uint32, error) {
	res, err := s.call(s.malloc, uint64(n))
	if err != nil || len(res) != 1 || uint32(res[0]) == 0 {
		return 0, errDamaged
	}
	return uint32(res[0]), nil
}
