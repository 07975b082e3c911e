package notify

var (
	Notices       = notices
	Happened      = happened
	WithoutReport = withoutReport
)
