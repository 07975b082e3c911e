package heic

import "github.com/tetratelabs/wazero/experimental"

// memory is all that one picture's decoder can address: a hard limit, which
// the decoder's own mistakes cannot get past.
type memory struct {
	whole   []byte
	used    uint64
	refused bool // more was asked for
}

func newMemory(limit int64) (*memory, error) {
	const page = 64 << 10 // of WebAssembly
	whole, err := reserve(int((limit + page - 1) / page * page))
	if err != nil {
		return nil, err
	}
	return &memory{whole: whole}, nil
}

// Allocate implements experimental.MemoryAllocator.
func (m *memory) Allocate(uint64, uint64) experimental.LinearMemory { return m }

// Reallocate implements experimental.LinearMemory. The bytes never move.
func (m *memory) Reallocate(size uint64) []byte {
	if size > uint64(len(m.whole)) {
		m.refused = true
		return nil
	}
	m.used = max(m.used, size)
	return m.whole[:size:size]
}

// Free implements experimental.LinearMemory. It does nothing: after a
// cancellation the runtime may call it while code still runs, and pages taken
// away then would end the process. Their owner releases them.
func (m *memory) Free() {}

func (m *memory) release() {
	release(m.whole)
	m.whole = nil
}
