// Authorino's own reconciler and Check service without a Kubernetes cluster: its AuthConfigs come from a file, through
// controller-runtime's fake client, and everything after that is Authorino as it ships. In: -listen, -config (a JSON list of
// AuthConfigs). Out: "listening ADDRESS" on standard output. Ends on SIGTERM.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"

	envoyauth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	api "github.com/kuadrant/authorino/api/v1beta3"
	"github.com/kuadrant/authorino/controllers"
	"github.com/kuadrant/authorino/pkg/index"
	"github.com/kuadrant/authorino/pkg/log"
	"github.com/kuadrant/authorino/pkg/service"
	"google.golang.org/grpc"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
)

// As Authorino's own server sets it.
const maxConcurrentStreams = 10000

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address")
	config := flag.String("config", "", "file")
	flag.Parse()
	if err := serve(*listen, *config); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(listen, config string) error {
	// Errors only, to standard error: its logging of each request is not what is measured.
	options := log.Options{Level: log.ToLogLevel("error"), Mode: log.ToLogMode("production")}
	log.SetLogger(log.NewLogger(options), options)
	known, err := read(config)
	if err != nil {
		return err
	}
	socket, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	server := grpc.NewServer(grpc.MaxConcurrentStreams(maxConcurrentStreams))
	envoyauth.RegisterAuthorizationServer(server, &service.AuthService{Index: known})
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-stop
		server.Stop()
	}()
	fmt.Printf("listening %s\n", socket.Addr())
	return server.Serve(socket)
}

// The index that the reconciler makes of the file's AuthConfigs.
func read(file string) (index.Index, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var configs []api.AuthConfig
	if err := json.Unmarshal(text, &configs); err != nil {
		return nil, err
	}
	scheme := runtime.NewScheme()
	if err := api.AddToScheme(scheme); err != nil {
		return nil, err
	}
	objects := make([]runtime.Object, len(configs))
	for at := range configs {
		objects[at] = &configs[at]
	}
	known := index.NewIndex()
	reconciler := &controllers.AuthConfigReconciler{
		Client:       fake.NewClientBuilder().WithScheme(scheme).WithRuntimeObjects(objects...).Build(),
		Logger:       log.WithName("reconciler"),
		Index:        known,
		StatusReport: controllers.NewStatusReportMap(),
	}
	for _, config := range configs {
		name := types.NamespacedName{Namespace: config.Namespace, Name: config.Name}
		if _, err := reconciler.Reconcile(context.Background(), ctrl.Request{NamespacedName: name}); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return known, nil
}
