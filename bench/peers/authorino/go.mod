module countersign.dev/bench/authorino

go 1.26.0

require (
	github.com/kuadrant/authorino v0.27.0
	github.com/envoyproxy/go-control-plane/envoy v1.36.0
	google.golang.org/grpc v1.80.0
	k8s.io/apimachinery v0.28.3
	sigs.k8s.io/controller-runtime v0.16.3
)
