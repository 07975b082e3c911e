package sqlspy

import (
	"context"
	"database/sql/driver"
	"errors"
)

// stmt is a prepared statement.
type stmt struct {
	conn *conn
	next driver.Stmt
	text string
}

func (s *stmt) Close() error  { return s.next.Close() }
func (s *stmt) NumInput() int { return s.next.NumInput() }

func (s *stmt) note(k Kind) {
	s.conn.spy.before()
	s.conn.spy.note(Call{Kind: k, Text: s.text, Prepared: true, InTx: s.conn.inTx}, 0)
}

// Exec is never called by database/sql, which finds ExecContext.
func (s *stmt) Exec(args []driver.Value) (driver.Result, error) {
	return s.ExecContext(context.Background(), named(args))
}

// Query is as Exec.
func (s *stmt) Query(args []driver.Value) (driver.Rows, error) {
	return s.QueryContext(context.Background(), named(args))
}

func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	s.note(Exec)
	if err := s.conn.spy.fails(); err != nil {
		return nil, err
	}
	if next, ok := s.next.(driver.StmtExecContext); ok {
		return next.ExecContext(ctx, args)
	}
	values, err := unnamed(ctx, args)
	if err != nil {
		return nil, err
	}
	//lint:ignore SA1019 all that it has
	return s.next.Exec(values)
}

func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	s.note(Query)
	if err := s.conn.spy.fails(); err != nil {
		return nil, err
	}
	if next, ok := s.next.(driver.StmtQueryContext); ok {
		return next.QueryContext(ctx, args)
	}
	values, err := unnamed(ctx, args)
	if err != nil {
		return nil, err
	}
	//lint:ignore SA1019 all that it has
	return s.next.Query(values)
}

// CheckNamedValue asks the statement, or else its connection, as database/sql
// does.
func (s *stmt) CheckNamedValue(v *driver.NamedValue) error {
	if next, ok := s.next.(driver.NamedValueChecker); ok {
		return next.CheckNamedValue(v)
	}
	return s.conn.CheckNamedValue(v)
}

// ColumnConverter is asked after CheckNamedValue skipped.
func (s *stmt) ColumnConverter(i int) driver.ValueConverter {
	//lint:ignore SA1019 drivers may have it still
	if next, ok := s.next.(driver.ColumnConverter); ok {
		return next.ColumnConverter(i)
	}
	return driver.DefaultParameterConverter
}

func unnamed(ctx context.Context, args []driver.NamedValue) ([]driver.Value, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	values := make([]driver.Value, len(args))
	for i, a := range args {
		if a.Name != "" {
			return nil, errors.New("sqlspy: the driver has no named parameters")
		}
		values[i] = a.Value
	}
	return values, nil
}

func named(values []driver.Value) []driver.NamedValue {
	args := make([]driver.NamedValue, len(values))
	for i, v := range values {
		args[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return args
}
