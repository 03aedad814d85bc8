# SPDX-License-Identifier: GPL-3.0-or-later
"""One service of an OpenStack, or one command of its, as a process:

    services.py run MODULE ARGUMENTS...      main() of a module
    services.py serve NAME CONF PORT         keystone, placement or neutron
    services.py nova CONF LOG                all of Nova, in one process
    services.py neutron-schema DATABASE      Neutron's tables, with an agent that is alive"""

import datetime
import json
import logging
import os
import sys
import uuid

from configs import HOST


def run(module, *arguments):
    sys.argv = [module, *arguments]
    main = __import__(module, fromlist=["main"]).main
    sys.exit(main())


def application(name, conf):
    """Its WSGI application."""
    if name == "keystone":
        sys.argv = [name, "--config-file", conf]
        os.environ["OS_KEYSTONE_CONFIG_FILES"] = conf
        from keystone.server.wsgi import initialize_public_application
        return initialize_public_application()
    if name == "placement":
        sys.argv = [name]
        os.environ["OS_PLACEMENT_CONFIG_DIR"] = os.path.dirname(conf)
        from placement.wsgi import init_application
        return init_application()
    sys.argv = [name, "--config-file", conf]
    from neutron.common import config
    from neutron import server  # noqa: F401  (its import registers options)
    config.register_common_config_options()
    config.init(["--config-file", conf])
    config.setup_logging()
    config.set_config_defaults()
    return config.load_paste_app("neutron")


def serve(name, conf, port):
    app = application(name, conf)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    from werkzeug.serving import run_simple
    # SQLite's writers wait for each other, and these two do not wait long enough.
    run_simple("127.0.0.1", int(port), app, threaded=name == "placement")


def nova(conf, log):
    """Conductor, scheduler, compute and API: their messages stay in the process."""
    import nova.cmd  # noqa: F401  (patches the standard library first)
    import nova.conf
    from nova import config, context, objects, service
    from nova.compute import rpcapi as compute
    from nova.conductor import rpcapi as conductor
    from nova.objects import host_mapping
    from nova.scheduler import rpcapi as scheduler
    from oslo_log import log as oslo_log

    config.parse_args(["nova", "--config-file", conf, "--log-file", log])
    oslo_log.setup(nova.conf.CONF, "nova")
    objects.register_all()
    for binary, topic in (("nova-conductor", conductor.RPC_TOPIC),
                          ("nova-scheduler", scheduler.RPC_TOPIC),
                          ("nova-compute", compute.RPC_TOPIC)):
        service.Service.create(binary=binary, topic=topic, host=HOST).start()
    host_mapping.discover_hosts(context.get_admin_context())
    api = service.WSGIService("osapi_compute")
    api.start()
    api.wait()


def neutron_schema(path):
    """Its migrations are not for SQLite; its models are."""
    import sqlalchemy
    from neutron.db.migration.models import head  # noqa: F401  (knows all models)
    from neutron_lib.db import model_base

    engine = sqlalchemy.create_engine(f"sqlite:///{path}")
    model_base.BASEV2.metadata.create_all(engine)
    now = datetime.datetime.utcnow()
    row = {"id": str(uuid.uuid4()), "agent_type": "Open vSwitch agent",
           "binary": "neutron-openvswitch-agent", "topic": "N/A", "host": HOST,
           "admin_state_up": True, "created_at": now, "started_at": now,
           "heartbeat_timestamp": now, "load": 0, "configurations": json.dumps({
               "bridge_mappings": {}, "tunnel_types": [], "integration_bridge": "br-int",
               "datapath_type": "system", "vhostuser_socket_dir": "/run"})}
    with engine.begin() as connection:
        connection.execute(model_base.BASEV2.metadata.tables["agents"].insert(), row)


if __name__ == "__main__":
    {"run": run, "serve": serve, "nova": nova,
     "neutron-schema": neutron_schema}[sys.argv[1]](*sys.argv[2:])
