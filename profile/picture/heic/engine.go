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
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/profilekit/profilekit/storage"
)

// libheif is libheif 1.18.2 with libde265 1.0.15 as WebAssembly, compressed:
// the file lib/heif.wasm.gz of github.com/gen2brain/heic v0.4.5. See
// libheif/README.md.
//
//go:embed libheif/heif.wasm.gz
var libheif []byte

// engine is the compiled decoder. Pictures share its code and nothing else.
//
// It is built so that it can be stopped: see fuelled.
type engine struct {
	module   []byte // uncompressed; nil is libheif
	patience time.Duration
	peak     func(int64) // tests are told how much memory a tile took

	mu    sync.Mutex
	built *build
	users int // tiles being decoded
	gone  bool
}

type build struct {
	rt   wazero.Runtime
	code wazero.CompiledModule
}

const defaultPatience = 15 * time.Second

var errClosed = fmt.Errorf("heic: the decoder is closed: %w", storage.ErrUnavailable)

// start compiles the decoder, once.
func (e *engine) start(ctx context.Context) error {
	_, done, err := e.use(ctx)
	if err != nil {
		return err
	}
	done()
	return nil
}

// use returns the compiled decoder, to be kept until done is called. Only one caller compiles.
func (e *engine) use(ctx context.Context) (b *build, done func(), err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.gone {
		return nil, nil, errClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	if e.built == nil {
		// What is compiled serves everybody, so it does not end with this caller.
		b, err := newBuild(context.WithoutCancel(ctx), e.module)
		if err != nil {
			return nil, nil, fmt.Errorf("heic: compile: %w: %w", storage.ErrUnavailable, err)
		}
		e.built = b
	}
	e.users++
	return e.built, e.leave, nil
}

func (e *engine) leave() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.users--
	if e.gone && e.users == 0 {
		_ = e.free() // memory only; nobody waits for it any more
	}
}

// close lets go of the compiled code, at the latest when the last picture is decoded.
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
	if e.built == nil {
		return nil
	}
	err := e.built.rt.Close(context.Background())
	e.built = nil
	return err
}

func newBuild(ctx context.Context, module []byte) (*build, error) {
	if module == nil {
		z, err := gzip.NewReader(bytes.NewReader(libheif))
		if err != nil {
			return nil, err
		}
		if module, err = io.ReadAll(z); err != nil {
			return nil, err
		}
	}
	module, err := fuelled(module)
	if err != nil {
		return nil, err
	}
	rt := wazero.NewRuntime(ctx)
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
	if err := hostTick(ctx, rt); err != nil {
		return nil, err
	}
	code, err := rt.CompileModule(experimental.WithCompilationWorkers(ctx, runtime.GOMAXPROCS(0)), module)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"malloc", "decode"} {
		if code.ExportedFunctions()[name] == nil {
			return nil, fmt.Errorf("the module has no function %q", name)
		}
	}
	return code, nil
}

// with gives do a decoder with fresh memory of at most limit bytes, for one
// tile.
func (e *engine) with(ctx context.Context, limit int64, do func(*session) error) error {
	b, done, err := e.use(ctx)
	if err != nil {
		return err
	}
	defer done()
	mem, err := newMemory(limit)
	if err != nil {
		return fmt.Errorf("heic: %w: %w", storage.ErrUnavailable, err)
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
	s.malloc, s.run = s.mod.ExportedFunction("malloc"), s.mod.ExportedFunction("decode")
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
