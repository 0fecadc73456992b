/**
 * What an operator's mesh has before Countersign comes: a gateway with its routes, a service with its sidecar, and who
 * may be asked where. In: addresses on loopback. Out: resources as Istio reads them. No effects.
 */

export interface Ports {
  /** Where the gateway listens. */
  readonly gateway: number;
  /** Where the sidecar listens for its service. */
  readonly sidecar: number;
  /** The service behind the sidecar. */
  readonly orders: number;
  /** Somebody who reads along between gateway and service. */
  readonly recorder: number;
}

export const gatewayLabels = { app: "gateway" };
export const ordersLabels = { app: "orders" };
export const ordersHost = "orders.shop.svc.cluster.local";
export const recorderHost = "recorder.shop.svc.cluster.local";
/** What the services are called with, inside; the endpoints listen elsewhere. */
export const servicePort = 8080;

export interface Wishes {
  /** Without the prefix `/api`, which routes otherwise take away. */
  readonly plain: boolean;
  /** The proxies have certificates. */
  readonly mutual: boolean;
}

export function world(ports: Ports, { plain, mutual }: Wishes): ReadonlyMap<string, object> {
  const { gateway, sidecar, orders, recorder } = ports;
  return new Map([
    [
      "gateway.yaml",
      networking("Gateway", "edge", "entry", {
        selector: gatewayLabels,
        servers: [{ port: { number: gateway, name: "http", protocol: "HTTP" }, bind: "127.0.0.1", hosts: ["*"] }],
      }),
    ],
    [
      "routes.yaml",
      networking("VirtualService", "edge", "entry", {
        hosts: ["*"],
        gateways: ["entry"],
        http: plain
          ? [route("recorded", "/recorded/", recorderHost), route("orders", "/", ordersHost)]
          : [route("recorded", "/api/recorded/", recorderHost), route("api", "/api/", ordersHost)],
      }),
    ],
    ["orders.yaml", service("orders", ordersHost, [http(sidecar)], mutual)],
    ["recorder.yaml", service("recorder", recorderHost, [http(recorder)])],
    // Without certificates there is no mTLS between these two; with them nobody comes in without one.
    [
      "peers.yaml",
      object("security.istio.io/v1", "PeerAuthentication", "shop", "default", {
        mtls: { mode: mutual ? "STRICT" : "DISABLE" },
      }),
    ],
    [
      "sidecar.yaml",
      networking("Sidecar", "shop", "orders", {
        workloadSelector: { labels: ordersLabels },
        ingress: [
          {
            port: { number: sidecar, name: "http", protocol: "HTTP" },
            bind: "127.0.0.1",
            captureMode: "NONE",
            defaultEndpoint: `127.0.0.1:${orders}`,
          },
        ],
      }),
    ],
  ]);
}

export interface ServicePort {
  /** What the service is called with, inside. */
  readonly number: number;
  readonly protocol: "HTTP" | "GRPC";
  /** Where it really listens. */
  readonly at: number;
}

/** A service that no Kubernetes knows: named as one that it would. */
export function service(name: string, host: string, ports: readonly ServicePort[], mutual = false): object {
  const portName = ({ number, protocol }: ServicePort) => `${protocol.toLowerCase()}-${number}`;
  return networking("ServiceEntry", "shop", name, {
    hosts: [host],
    location: "MESH_INTERNAL",
    resolution: "STATIC",
    ports: ports.map((port) => ({ number: port.number, name: portName(port), protocol: port.protocol })),
    endpoints: [
      {
        address: "127.0.0.1",
        ports: Object.fromEntries(ports.map((port) => [portName(port), port.at])),
        // By this Istio knows that a sidecar is there to speak mTLS with.
        ...(mutual && { labels: { "security.istio.io/tlsMode": "istio" } }),
      },
    ],
  });
}

const http = (at: number) => ({ number: servicePort, protocol: "HTTP", at }) as const;

function route(name: string, prefix: string, host: string): object {
  return {
    name,
    match: [{ uri: { prefix } }],
    ...(prefix !== "/" && { rewrite: { uri: "/" } }),
    route: [{ destination: { host, port: { number: servicePort } } }],
  };
}

function networking(kind: string, namespace: string, name: string, spec: object): object {
  return object("networking.istio.io/v1", kind, namespace, name, spec);
}

function object(apiVersion: string, kind: string, namespace: string, name: string, spec: object): object {
  return { apiVersion, kind, metadata: { name, namespace }, spec };
}
