package postgres

import (
	"bytes"
	"database/sql/driver"
	"io"
)

// fullRows is what the rows of lib/pq can do.
type fullRows interface {
	driver.Rows
	driver.RowsNextResultSet
	driver.RowsColumnTypeScanType
	driver.RowsColumnTypeDatabaseTypeName
	driver.RowsColumnTypeLength
	driver.RowsColumnTypePrecisionScale
}

// heldRows are the rows of a query in a transaction, read to their end before the first
// one is handed out. Goroutines that share a transaction share its connection, and lib/pq
// takes no statement between two rows: it would give one statement the answer to another.
type heldRows struct {
	fullRows
	rows [][]driver.Value
	err  error // comes after the rows
}

// hold reads r to the end of its present set of results.
func hold(r driver.Rows) driver.Rows {
	full, ok := r.(fullRows)
	if !ok {
		return r
	}
	h := &heldRows{fullRows: full}
	h.read()
	return h
}

func (h *heldRows) read() {
	h.rows, h.err = nil, nil
	for {
		row := make([]driver.Value, len(h.Columns()))
		if h.err = h.fullRows.Next(row); h.err != nil {
			return
		}
		for i, v := range row {
			if b, ok := v.([]byte); ok { // it is the driver's until the next row
				row[i] = bytes.Clone(b)
			}
		}
		h.rows = append(h.rows, row)
	}
}

// Next implements driver.Rows.
func (h *heldRows) Next(dest []driver.Value) error {
	if len(h.rows) == 0 {
		return h.err
	}
	copy(dest, h.rows[0])
	h.rows = h.rows[1:]
	return nil
}

// NextResultSet implements driver.RowsNextResultSet.
func (h *heldRows) NextResultSet() error {
	if err := h.fullRows.NextResultSet(); err != nil {
		return err
	}
	h.read()
	return nil
}

// Close implements driver.Rows. What has been read to its end is closed without a word to
// the server.
func (h *heldRows) Close() error {
	h.rows, h.err = nil, io.EOF
	return h.fullRows.Close()
}

// heldTx is a transaction of a connection that holds rows until it ends.
type heldTx struct {
	driver.Tx
	conn *renewed
}

func (t heldTx) Commit() error {
	t.conn.holds = false
	return t.Tx.Commit()
}

func (t heldTx) Rollback() error {
	t.conn.holds = false
	return t.Tx.Rollback()
}
