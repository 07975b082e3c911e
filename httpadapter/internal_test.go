package httpadapter

import "context"

// AddWorker has Run run one more worker.
func (a *App) AddWorker(run func(context.Context) error) { a.workers = append(a.workers, run) }
