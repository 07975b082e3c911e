package heic

import (
	"bytes"
	"context"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/sys"
)

// The decoder must be stoppable anywhere, and must not run for long without
// coming back to Go, because the garbage collector, and with it the whole
// process, waits for it. wazero can have code come back at every loop and
// function, which makes it five times as slow. So the code is rewritten before
// it is compiled: at those places it counts down, and comes back at zero.
//
// tickEvery is that count: some ten microseconds up to a millisecond.
const tickEvery = 1 << 16

const tickModule, tickName = "profilekit", "tick"

// hostTick gives the module the function that it comes back by.
func hostTick(ctx context.Context, rt wazero.Runtime) error {
	tick := func(ctx context.Context, m api.Module, _ []uint64) {
		if ctx.Err() == nil {
			return
		}
		const code = sys.ExitCodeContextCanceled
		_ = m.CloseWithExitCode(ctx, code) // it is over either way
		panic(sys.NewExitError(code))      // how wazero unwinds the code
	}
	_, err := rt.NewHostModuleBuilder(tickModule).NewFunctionBuilder().
		WithGoModuleFunction(api.GoModuleFunc(tick), nil, nil).Export(tickName).Instantiate(ctx)
	return err
}

// fuelled returns the module with counting at every loop and function. errWasm
// is for modules that it does not understand: nothing runs that cannot be
// stopped.
func fuelled(module []byte) ([]byte, error) {
	const magic = "\x00asm\x01\x00\x00\x00"
	if !bytes.HasPrefix(module, []byte(magic)) {
		return nil, errWasm
	}
	f := &fuel{}
	sections, err := f.read(module[len(magic):])
	if err != nil {
		return nil, err
	}
	out := []byte(magic)
	// In the order in which they must stand (WebAssembly 2.0, 5.5.16).
	for _, id := range []byte{wasmTypes, wasmImports, 3, 4, 5, wasmGlobals, wasmExports, wasmStart, wasmElements, wasmCount, wasmCode, wasmData} {
		body, there := sections[id]
		r := wasmReader{b: body}
		switch id {
		case wasmTypes:
			f.kind = r.u32()
			body = append(appendU32(nil, f.kind+1), r.b...)
			body = append(body, 0x60, 0, 0) // a function of nothing
		case wasmImports:
			n := uint32(0)
			if there {
				n = r.u32()
			}
			body = append(appendU32(nil, n+1), r.b...)
			body = appendVector(body, []byte(tickModule))
			body = appendU32(append(appendVector(body, []byte(tickName)), 0), f.kind)
		case wasmGlobals:
			body, err = f.globals(&r, there)
		case wasmExports:
			body = f.exports(&r)
		case wasmStart:
			body = appendU32(nil, f.moved(r.u32()))
		case wasmElements:
			body, err = f.elements(&r)
		case wasmCode:
			body, err = f.code(&r)
		}
		if err != nil {
			return nil, err
		}
		if there && r.bad {
			return nil, errWasm
		}
		if there || id == wasmImports || id == wasmGlobals {
			out = appendVector(append(out, id), body)
		}
	}
	return out, nil
}

// fuel is what is added to a module.
type fuel struct {
	kind    uint32 // the type of tick
	tick    uint32 // its number; the module's own functions move up by one
	count   uint32 // the number of the global that counts
	imports uint32 // globals that are imported
}

// read tells the sections apart and counts imports.
func (f *fuel) read(module []byte) (map[byte][]byte, error) {
	sections := map[byte][]byte{}
	for r := (wasmReader{b: module}); len(r.b) > 0; {
		id := r.byte()
		body := r.bytes(r.u32())
		if id == wasmCustom { // names, for people
			continue
		}
		if _, twice := sections[id]; twice || r.bad || id > wasmCount {
			return nil, errWasm
		}
		sections[id] = body
	}
	r := wasmReader{b: sections[wasmImports]}
	if len(r.b) == 0 {
		return sections, nil
	}
	for range r.u32() {
		r.bytes(r.u32())
		if r.bytes(r.u32()); r.bad {
			return nil, errWasm
		}
		switch r.byte() {
		case 0: // a function
			f.tick++
			r.skip()
		case 3: // a global
			f.imports++
			r.bytes(2)
		default: // no toolchain imports the others here
			return nil, errWasm
		}
	}
	if r.bad {
		return nil, errWasm
	}
	return sections, nil
}

// moved is the new number of a function.
func (f *fuel) moved(index uint32) uint32 {
	if index >= f.tick {
		return index + 1
	}
	return index
}

func (f *fuel) globals(r *wasmReader, there bool) ([]byte, error) {
	n := uint32(0)
	if there {
		n = r.u32()
	}
	f.count = f.imports + n
	out := appendU32(nil, n+1)
	for range n {
		out = append(out, r.bytes(2)...)
		var err error
		if out, err = f.expression(out, r, false); err != nil {
			return nil, err
		}
	}
	out = append(out, 0x7f, 1) // an i32 that changes
	return append(f.full(out), 0x0b), nil
}

func (f *fuel) exports(r *wasmReader) []byte {
	n := r.u32()
	out := appendU32(nil, n)
	for range n {
		if r.bad {
			break
		}
		out = appendVector(out, r.bytes(r.u32()))
		kind, index := r.byte(), r.u32()
		if kind == 0 {
			index = f.moved(index)
		}
		out = appendU32(append(out, kind), index)
	}
	return out
}

// elements are the tables of functions (WebAssembly 2.0, 5.5.12).
func (f *fuel) elements(r *wasmReader) ([]byte, error) {
	n := r.u32()
	out := appendU32(nil, n)
	for range n {
		flags := r.u32()
		if flags > 7 || r.bad {
			return nil, errWasm
		}
		out = appendU32(out, flags)
		var err error
		if flags&1 == 0 { // it has a place
			if flags&2 != 0 {
				out = appendU32(out, r.u32())
			}
			if out, err = f.expression(out, r, false); err != nil {
				return nil, err
			}
		}
		if flags&3 != 0 {
			out = append(out, r.byte()) // the kind of what is in it
		}
		count := r.u32()
		out = appendU32(out, count)
		for range count {
			if flags&4 == 0 {
				out = appendU32(out, f.moved(r.u32()))
			} else if out, err = f.expression(out, r, false); err != nil {
				return nil, err
			}
			if r.bad {
				return nil, errWasm
			}
		}
	}
	return out, nil
}

func (f *fuel) code(r *wasmReader) ([]byte, error) {
	n := r.u32()
	out := appendU32(make([]byte, 0, 2*len(r.b)), n)
	for range n {
		body := wasmReader{b: r.bytes(r.u32())}
		all := body.b
		for range body.u32() { // groups of local variables
			body.skip()
			if body.byte(); body.bad {
				return nil, errWasm
			}
		}
		head := all[:len(all)-len(body.b)]
		made, err := f.expression(f.counting(bytes.Clone(head)), &body, true)
		if err != nil {
			return nil, err
		}
		if r.bad || len(body.b) > 0 {
			return nil, errWasm
		}
		out = appendVector(out, made)
	}
	return out, nil
}

// expression copies instructions to the end that is theirs; with count it adds
// counting to the loops.
func (f *fuel) expression(out []byte, r *wasmReader, count bool) ([]byte, error) {
	for depth := 1; depth > 0; {
		before := r.b
		op := r.byte()
		if op == 0x10 || op == 0xd2 { // call, ref.func
			out = appendU32(append(out, op), f.moved(r.u32()))
		} else {
			if err := r.immediates(op); err != nil {
				return nil, err
			}
			out = append(out, before[:len(before)-len(r.b)]...)
		}
		if r.bad {
			return nil, errWasm
		}
		switch op {
		case 0x02, 0x03, 0x04:
			depth++
		case 0x0b:
			depth--
		}
		if op == 0x03 && count {
			out = f.counting(out)
		}
	}
	return out, nil
}

// counting is: if count-- == 1 { count = tickEvery; tick() }.
func (f *fuel) counting(out []byte) []byte {
	out = appendU32(append(out, 0x23), f.count) // global.get
	out = append(out, 0x41, 1, 0x6b)            // i32.const 1, i32.sub
	out = appendU32(append(out, 0x24), f.count) // global.set
	out = appendU32(append(out, 0x23), f.count)
	out = append(out, 0x45, 0x04, 0x40) // i32.eqz, if
	out = f.full(out)
	out = appendU32(append(out, 0x24), f.count)
	out = appendU32(append(out, 0x10), f.tick) // call
	return append(out, 0x0b)                   // end
}

// full is i32.const tickEvery, in signed LEB128.
func (f *fuel) full(out []byte) []byte {
	return append(out, 0x41, tickEvery&0x7f|0x80, tickEvery>>7&0x7f|0x80, tickEvery>>14)
}
