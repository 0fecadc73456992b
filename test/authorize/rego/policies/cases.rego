# Answers of every kind, and policies that mean no good.
package countersign.cases

import input.attributes.request.http

always := true

never := false

sometimes if http.method == "GET"

object := {"allowed": http.method == "GET", "headers": {"x-from-rego": "1"}, "http_status": 418}

nameless := {"headers": {}}

text := "true"

number := 1

list := [true]

nobody if input.parsed_body == null

caller if input.attributes.source.principal == "spiffe://td/ns/shop/sa/web"

verified if input.attributes.metadataContext.filterMetadata["envoy.filters.http.jwt_authn"].verified_jwt.role == "admin"

extension if input.attributes.contextExtensions["label.app"] == "orders"

# `a` and `b` point at each other in the data.
cyclic if count(graph.reachable(data.graph, {"a"})) == 3

# Grows until its memory ends.
hungry if count([[i, j] | some i in numbers.range(1, 4000); some j in numbers.range(1, 4000)]) > 0

conflict := true if http.method == "GET"

conflict := false if http.method == "GET"
