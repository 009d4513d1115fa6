module session

go 1.22

require (
	github.com/antihax/optional v1.0.0
	github.com/crusoecloud/client-go v0.0.0
)
