package heic

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/profilekit/profilekit/profile/picture"
)

// hanging is a module whose decode never returns:
//
//	(module
//	  (memory (export "memory") 1)
//	  (func (export "malloc") (param i32) (result i32) i32.const 1024)
//	  (func (export "free") (param i32))
//	  (func (export "decode") (param i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
//	    (loop (br_if 0 (i32.eqz (i32.load8_u (i32.const 8)))))
//	    i32.const 0))
var hanging = func() []byte {
	var w []byte
	section := func(id byte, body ...byte) { w = append(append(w, id, byte(len(body))), body...) }
	export := func(name string, kind, index byte) []byte {
		return append(append([]byte{byte(len(name))}, name...), kind, index)
	}
	const i32, function = 0x7f, 0x60
	w = append(w, "\x00asm\x01\x00\x00\x00"...)
	section(1, 3, function, 1, i32, 1, i32, function, 1, i32, 0,
		function, 9, i32, i32, i32, i32, i32, i32, i32, i32, i32, 1, i32)
	section(3, 3, 0, 1, 2)
	section(5, 1, 0, 1)
	exports := []byte{4}
	exports = append(exports, export("memory", 2, 0)...)
	exports = append(exports, export("malloc", 0, 0)...)
	exports = append(exports, export("free", 0, 1)...)
	exports = append(exports, export("decode", 0, 2)...)
	section(7, exports...)
	section(10, 3,
		5, 0, 0x41, 0x80, 0x08, 0x0b,
		2, 0, 0x0b,
		15, 0, 0x03, 0x40, 0x41, 8, 0x2d, 0, 0, 0x45, 0x0d, 0, 0x0b, 0x41, 0, 0x0b)
	return w
}()

// A decoder that hangs is stopped, by its patience and with its caller, and the
// garbage collector goes on beside it.
func TestS60_DecoderThatHangs(t *testing.T) {
	e := &engine{module: hanging, patience: 50 * time.Millisecond}
	work := func(ctx context.Context, let func()) error {
		return e.with(ctx, 1<<20, func(s *session) error {
			let()
			_, err := s.decode([]byte("any file, for it is not looked at"), stream{width: 1, height: 1, chroma: 1})
			return err
		})
	}
	var rejected *picture.RejectedError
	if err := work(t.Context(), func() {}); !errors.As(err, &rejected) || rejected.Reason != picture.ReasonTime {
		t.Errorf("after its patience: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := work(ctx, cancel); !errors.Is(err, context.Canceled) {
		t.Errorf("after its caller: %v", err)
	}

	e.patience = time.Hour
	ctx, cancel = context.WithCancel(t.Context())
	began, ended := make(chan bool), make(chan error, 1)
	go func() { ended <- work(ctx, func() { close(began) }) }()
	<-began
	for range 10 {
		runtime.GC()
	}
	// Closing waits for nobody, and the last one out frees the engine.
	if err := e.close(); err != nil {
		t.Error(err)
	}
	if err := work(t.Context(), func() {}); err != errClosed {
		t.Errorf("after closing: %v", err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the last one: %v", err)
	}
	if e.built != nil {
		t.Error("the engine was not freed")
	}
}

func TestS60_NotAModule(t *testing.T) {
	for _, module := range [][]byte{[]byte("not a module"), []byte("\x00asm\x01\x00\x00\x00")} {
		e := &engine{module: module, patience: time.Minute}
		if err := e.start(t.Context()); err == nil {
			t.Errorf("%q is taken", module)
		}
	}
}
