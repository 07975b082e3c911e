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
type engine struct {
	module []byte // uncompressed; nil is libheif

	peak func(int64) // tests are told how much memory a picture took

	mu   sync.RWMutex // held for reading while a picture is decoded
	rt   wazero.Runtime
	code wazero.CompiledModule
	gone bool
}

var errClosed = errors.New("heic: the decoder is closed")

// start compiles the decoder, once.
func (e *engine) start(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.gone:
		return errClosed
	case e.code != nil:
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	module := e.module
	if module == nil {
		z, err := gzip.NewReader(bytes.NewReader(libheif))
		if err != nil {
			return fmt.Errorf("heic: %w", err)
		}
		if module, err = io.ReadAll(z); err != nil {
			return fmt.Errorf("heic: %w", err)
		}
	}
	// What is compiled serves everybody, so it does not end with this caller.
	ctx = context.WithoutCancel(ctx)
	rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCloseOnContextDone(true))
	code, err := compile(ctx, rt, module)
	if err != nil {
		return errors.Join(fmt.Errorf("heic: compile: %w", err), rt.Close(ctx))
	}
	e.rt, e.code = rt, code
	return nil
}

func compile(ctx context.Context, rt wazero.Runtime, module []byte) (wazero.CompiledModule, error) {
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

// close ends the engine when the last picture is decoded.
func (e *engine) close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.gone = true
	if e.rt == nil {
		return nil
	}
	err := e.rt.Close(context.Background())
	e.rt, e.code = nil, nil
	return err
}

// with gives do a decoder with fresh memory of at most limit bytes, for one
// picture.
func (e *engine) with(ctx context.Context, limit int64, do func(*session) error) error {
	if err := e.start(ctx); err != nil {
		return err
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	if e.code == nil {
		return errClosed
	}
	mem, err := newMemory(limit)
	if err != nil {
		return fmt.Errorf("heic: %w", err)
	}
	defer mem.release()
	inst, err := e.rt.InstantiateModule(experimental.WithMemoryAllocator(ctx, mem), e.code,
		wazero.NewModuleConfig().WithName("").WithStartFunctions("_initialize"))
	if err != nil {
		return sessionError(ctx, mem, err)
	}
	// Before the memory is released.
	defer inst.Close(context.WithoutCancel(ctx))
	s := &session{ctx: ctx, mod: inst}
	s.malloc, s.free, s.run = inst.ExportedFunction("malloc"), inst.ExportedFunction("free"), inst.ExportedFunction("decode")
	if err := do(s); err != nil {
		return sessionError(ctx, mem, err)
	}
	if e.peak != nil {
		e.peak(int64(mem.used))
	}
	return nil
}

// sessionError says what a failure means to the caller. What the module itself
// says is about addresses.
func sessionError(ctx context.Context, mem *memory, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if mem.refused {
		return tooMuchMemory()
	}
	return err
}
