package heic

import (
	"bytes"
	"compress/gzip"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// libheif is libheif 1.18.2 with libde265 1.0.15 as WebAssembly, compressed:
// the file lib/heif.wasm.gz of github.com/gen2brain/heic v0.4.5. See
// libheif/README.md.
//
//go:embed libheif/heif.wasm.gz
var libheif []byte

// engine is the compiled decoder. Pictures share its code and nothing else.
//
// There may be two builds of the same module. The quick one cannot be stopped
// in the middle of a tile; the careful one can, but takes five times as long.
// Nothing known keeps the decoder busy for ever. If something does one day,
// the first tile to outlast patience makes the careful build do all the work
// from then on: what hangs already is lost, the rest of the process is not.
type engine struct {
	module   []byte // uncompressed; nil is libheif
	patience time.Duration
	peak     func(int64) // tests are told how much memory a picture took

	careful atomic.Bool

	mu     sync.Mutex
	builds [2]*build // quick, careful
	users  int       // pictures being decoded
	gone   bool
}

type build struct {
	rt   wazero.Runtime
	code wazero.CompiledModule
}

const defaultPatience = 15 * time.Second

var errClosed = errors.New("heic: the decoder is closed")

// start compiles the build that is in use, once.
func (e *engine) start(ctx context.Context) error {
	_, done, err := e.use(ctx)
	if err != nil {
		return err
	}
	done()
	return nil
}

// use returns the build in use, until done is called. Only one caller compiles.
func (e *engine) use(ctx context.Context) (b *build, done func(), err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.gone {
		return nil, nil, errClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	i := 0
	if e.careful.Load() {
		i = 1
	}
	if e.builds[i] == nil {
		// What is compiled serves everybody, so it does not end with this caller.
		b, err := newBuild(context.WithoutCancel(ctx), e.module, i == 1)
		if err != nil {
			return nil, nil, fmt.Errorf("heic: compile: %w", err)
		}
		e.builds[i] = b
	}
	e.users++
	return e.builds[i], e.leave, nil
}

func (e *engine) leave() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.users--
	if e.gone && e.users == 0 {
		_ = e.free() // memory only; nobody waits for it any more
	}
}

// close lets go of the builds, at the latest when the last picture is decoded.
func (e *engine) close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.gone {
		return nil
	}
	e.gone = true
	if e.users > 0 {
		return nil
	}
	return e.free()
}

func (e *engine) free() error {
	var errs []error
	for i, b := range e.builds {
		if b != nil {
			errs = append(errs, b.rt.Close(context.Background()))
		}
		e.builds[i] = nil
	}
	return errors.Join(errs...)
}

func newBuild(ctx context.Context, module []byte, careful bool) (*build, error) {
	if module == nil {
		z, err := gzip.NewReader(bytes.NewReader(libheif))
		if err != nil {
			return nil, err
		}
		if module, err = io.ReadAll(z); err != nil {
			return nil, err
		}
	}
	rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCloseOnContextDone(careful))
	code, err := compile(ctx, rt, module)
	if err != nil {
		return nil, errors.Join(err, rt.Close(ctx))
	}
	return &build{rt, code}, nil
}

func compile(ctx context.Context, rt wazero.Runtime, module []byte) (wazero.CompiledModule, error) {
	// Clocks, files, random numbers: the module imports none that it is given.
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, rt); err != nil {
		return nil, err
	}
	code, err := rt.CompileModule(experimental.WithCompilationWorkers(ctx, runtime.GOMAXPROCS(0)), module)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"malloc", "free", "decode"} {
		if code.ExportedFunctions()[name] == nil {
			return nil, fmt.Errorf("the module has no function %q", name)
		}
	}
	return code, nil
}

// with gives do a decoder with fresh memory of at most limit bytes, for one
// picture.
func (e *engine) with(ctx context.Context, limit int64, do func(*session) error) error {
	b, done, err := e.use(ctx)
	if err != nil {
		return err
	}
	defer done()
	mem, err := newMemory(limit)
	if err != nil {
		return fmt.Errorf("heic: %w", err)
	}
	defer mem.release()
	s := &session{ctx: ctx, engine: e}
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions("_initialize")
	s.mod, err = b.rt.InstantiateModule(experimental.WithMemoryAllocator(ctx, mem), b.code, config)
	if err != nil {
		return sessionError(s, mem, err)
	}
	// Before the memory is released.
	defer s.mod.Close(context.WithoutCancel(ctx))
	s.malloc, s.free, s.run = s.mod.ExportedFunction("malloc"), s.mod.ExportedFunction("free"), s.mod.ExportedFunction("decode")
	if err := do(s); err != nil {
		return sessionError(s, mem, err)
	}
	if e.peak != nil {
		e.peak(int64(mem.used))
	}
	return nil
}

// sessionError says what a failure means to the caller. What the module itself
// says is about addresses.
func sessionError(s *session, mem *memory, err error) error {
	switch {
	case s.ctx.Err() != nil:
		return s.ctx.Err()
	case s.late:
		return tooLong()
	case mem.refused:
		return tooMuchMemory()
	}
	return err
}
