# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration of an OpenStack on one machine, without a message queue or a server of
databases: SQLite files, messages within a process, a hypervisor that pretends.

Facts that are not in the manuals of these services, as of Zed (Debian 12):
- Nova asks Neutron for the security groups of every server that it shows, so that it
  cannot do without it; Neutron binds ports without an agent if its table has one that
  counts as alive.
- Keystone's templated catalog needs no rows of endpoints; but `bootstrap` writes those, so
  it runs with the catalog in SQL.
- The API pipelines are in packages that also start services; they are short."""

import os

PASSWORD = "a-secret-of-the-peer"
HOST = "peer1"
SERVICES = {"identity": "keystone", "compute": "proxy", "image": "glance",
            "placement": "placement", "network": "neutron"}


def ini(sections):
    return "\n".join(f"[{name}]\n" + "".join(f"{k} = {v}\n" for k, v in values.items())
                     for name, values in sections.items())


def client(ports):
    """How a service logs in, and checks what others log in with."""
    return {"auth_type": "password", "auth_url": f"http://127.0.0.1:{ports['keystone']}/v3",
            "www_authenticate_uri": f"http://127.0.0.1:{ports['keystone']}/v3",
            "username": "svc", "password": PASSWORD, "project_name": "service",
            "user_domain_name": "Default", "project_domain_name": "Default",
            "region_name": "RegionOne"}


def keystone(at, _ports, token_s, catalog):
    conf = {"DEFAULT": {"log_file": at("log/keystone.log")},
            "database": {"connection": f"sqlite:///{at('db/keystone.db')}"},
            "fernet_tokens": {"key_repository": at("keys/fernet")},
            "credential": {"key_repository": at("keys/credential")},
            "token": {"provider": "fernet", "expiration": token_s},
            "cache": {"enabled": "false"},
            "identity": {"password_hash_rounds": 4}}
    if catalog:
        conf["catalog"] = {"driver": "templated", "template_file": catalog}
    return ini(conf)


def catalog(ports):
    url = {t: f"http://127.0.0.1:{ports[s]}" for t, s in SERVICES.items()}
    url["identity"] += "/v3"
    url["compute"] += "/v2.1"
    return "".join(f"catalog.RegionOne.{t}.{side}URL = {url[t]}\n"
                   for t in url for side in ("public", "internal", "admin")) \
        + "".join(f"catalog.RegionOne.{t}.name = {t}\n" for t in url)


def placement(at, ports):
    return ini({"DEFAULT": {"log_file": at("log/placement.log"), "state_path": at("state")},
                "placement_database": {"connection": f"sqlite:///{at('db/placement.db')}"},
                "api": {"auth_strategy": "keystone"},
                "keystone_authtoken": client(ports)})


def glance(at, ports):
    return ini({"DEFAULT": {"log_file": at("log/glance.log"), "bind_host": "127.0.0.1",
                            "bind_port": ports["glance"], "workers": 0,
                            "transport_url": "fake://"},
                "database": {"connection": f"sqlite:///{at('db/glance.db')}"},
                "glance_store": {"stores": "file", "default_store": "file",
                                 "filesystem_store_datadir": at("images")},
                "paste_deploy": {"flavor": "keystone", "config_file": at("etc/glance-paste.ini")},
                "keystone_authtoken": client(ports)})


def neutron(at, ports):
    return ini({"DEFAULT": {"core_plugin": "ml2", "service_plugins": "",
                            "auth_strategy": "keystone", "transport_url": "fake://",
                            "api_paste_config": at("etc/neutron-paste.ini"),
                            "state_path": at("state"), "log_file": at("log/neutron.log"),
                            # That of the row in its table of agents never sends again.
                            "agent_down_time": 2000000000,
                            "dhcp_agent_notification": "false",
                            "notify_nova_on_port_status_changes": "false",
                            "notify_nova_on_port_data_changes": "false"},
                "database": {"connection": f"sqlite:///{at('db/neutron.db')}"},
                "keystone_authtoken": client(ports),
                "oslo_concurrency": {"lock_path": at("lock")},
                "ml2": {"type_drivers": "local", "tenant_network_types": "local",
                        "mechanism_drivers": "openvswitch",
                        "extension_drivers": "port_security"},
                "securitygroup": {"firewall_driver": "noop",
                                  "enable_security_group": "true"}})


def nova(at, ports, hypervisor, page):
    login = client(ports)
    return ini({"DEFAULT": {"state_path": at("state"), "instances_path": at("instances"),
                            "transport_url": "fake://", "compute_driver": hypervisor,
                            "my_ip": "127.0.0.1", "host": HOST,
                            "osapi_compute_listen": "127.0.0.1",
                            "osapi_compute_listen_port": ports["nova"],
                            "osapi_compute_workers": 1, "enabled_apis": "osapi_compute"},
                "api": {"max_limit": page},
                # Without it, who may only look may launch as well.
                "oslo_policy": {"enforce_new_defaults": "true"},
                "api_database": {"connection": f"sqlite:///{at('db/nova_api.db')}"},
                "database": {"connection": f"sqlite:///{at('db/nova.db')}"},
                "keystone_authtoken": login, "placement": login, "neutron": login,
                "service_user": login,
                "glance": {"api_servers": f"http://127.0.0.1:{ports['glance']}"},
                "wsgi": {"api_paste_config": at("etc/nova-paste.ini")},
                "oslo_concurrency": {"lock_path": at("lock")}})


AUTH = {"paste.filter_factory": "keystonemiddleware.auth_token:filter_factory"}


def nova_paste():
    api = "nova.api.openstack"
    return ini({
        "composite:osapi_compute": {"use": f"call:{api}.urlmap:urlmap_factory",
                                    "/": "versions", "/v2.1": "version", "/v2.1/+": "api"},
        "composite:api": {"use": "call:nova.api.auth:pipeline_factory_v21",
                          "keystone": "request_id faults authtoken context app"},
        "pipeline:versions": {"pipeline": "faults all_versions"},
        "pipeline:version": {"pipeline": "request_id faults one_version"},
        "app:all_versions": {"paste.app_factory": f"{api}.compute.versions:Versions.factory"},
        "app:one_version": {"paste.app_factory": f"{api}.compute.versions:VersionsV2.factory"},
        "app:app": {"paste.app_factory": f"{api}.compute:APIRouterV21.factory"},
        "filter:request_id": {"paste.filter_factory":
                              "nova.api.compute_req_id:ComputeReqIdMiddleware.factory"},
        "filter:faults": {"paste.filter_factory": f"{api}:FaultWrapper.factory"},
        "filter:context": {"paste.filter_factory": "nova.api.auth:NovaKeystoneContext.factory"},
        "filter:authtoken": AUTH})


def glance_paste():
    middle = "glance.api.middleware"
    return ini({
        "pipeline:glance-api-keystone": {"pipeline": "negotiation authtoken context root"},
        "composite:root": {"paste.composite_factory": "glance.api:root_app_factory",
                           "/": "versions", "/v2": "api"},
        "app:versions": {"paste.app_factory": "glance.api.versions:create_resource"},
        "app:api": {"paste.app_factory": "glance.api.v2.router:API.factory"},
        "filter:negotiation": {"paste.filter_factory":
                               f"{middle}.version_negotiation:VersionNegotiationFilter.factory"},
        "filter:context": {"paste.filter_factory": f"{middle}.context:ContextMiddleware.factory"},
        "filter:authtoken": {**AUTH, "delay_auth_decision": "true"}})


def neutron_paste():
    return ini({
        "composite:neutron": {"use": "egg:Paste#urlmap", "/": "versions", "/v2.0": "api"},
        "composite:api": {"use": "call:neutron.auth:pipeline_factory",
                          "keystone": "request_id errors authtoken context extensions app"},
        "app:versions": {"paste.app_factory": "neutron.pecan_wsgi.app:versions_factory"},
        "app:app": {"paste.app_factory": "neutron.api.v2.router:APIRouter.factory"},
        "filter:request_id": {"paste.filter_factory": "oslo_middleware:RequestId.factory"},
        "filter:errors": {"paste.filter_factory": "oslo_middleware:CatchErrors.factory"},
        "filter:context": {"paste.filter_factory": "neutron.auth:NeutronKeystoneContext.factory"},
        "filter:extensions": {"paste.filter_factory":
                              "neutron.api.extensions:plugin_aware_extension_middleware_factory"},
        "filter:authtoken": AUTH})


def write_all(folder, ports, token_s, hypervisor, page):
    """All files of a cloud whose databases and keys are in the folder."""
    def at(name):
        return os.path.join(folder, name)

    texts = {
        "catalog": catalog(ports),
        "keystone-setup.conf": keystone(at, ports, token_s, None),
        "keystone.conf": keystone(at, ports, token_s, at("etc/catalog")),
        "placement.conf": placement(at, ports), "glance.conf": glance(at, ports),
        "neutron.conf": neutron(at, ports), "nova.conf": nova(at, ports, hypervisor, page),
        "nova-paste.ini": nova_paste(), "glance-paste.ini": glance_paste(),
        "neutron-paste.ini": neutron_paste()}
    for name in ("etc", "log", "db", "images", "instances", "state", "lock"):
        os.makedirs(at(name), exist_ok=True)
    for name in ("keys/fernet", "keys/credential"):
        os.makedirs(at(name), mode=0o700, exist_ok=True)
    for name, text in texts.items():
        with open(at(f"etc/{name}"), "w", encoding="ascii") as f:
            f.write(text)
