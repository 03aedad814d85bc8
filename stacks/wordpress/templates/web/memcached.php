<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// Made from the services that are registered now; changes here are overwritten.
return array(
{{- range gets "/memcached/*"}}{{$s := json .Value}}
	array( '{{$s.host}}', {{$s.port}} ),
{{- end}}
);
