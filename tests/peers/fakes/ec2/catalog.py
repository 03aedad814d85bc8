# SPDX-License-Identifier: GPL-3.0-or-later
"""What the account and the region of the fake have besides instances."""

REGION, ACCOUNT = "eu-central-1", "123456789012"
USER = f"arn:aws:iam::{ACCOUNT}:user/foretide"


def instance_type(name, cores, mib, architecture="x86_64"):
    return {"instanceType": name, "currentGeneration": True,
            "processorInfo": {"supportedArchitectures": [architecture]},
            "vCpuInfo": {"defaultVCpus": cores}, "memoryInfo": {"sizeInMiB": mib}}


TYPES = [instance_type("t3.micro", 2, 1024), instance_type("t3.small", 2, 2048),
         instance_type("m5.large", 2, 8192), instance_type("m7g.medium", 1, 4096, "arm64")]
IMAGES = [{"imageId": f"ami-0123456789abcdef{n}", "imageState": "available",
           "architecture": architecture, "rootDeviceType": "ebs",
           "rootDeviceName": "/dev/xvda", "name": f"debian-12-{architecture}"}
          for n, architecture in enumerate(("x86_64", "arm64"))]
SUBNETS = [{"subnetId": "subnet-0a", "vpcId": "vpc-0a", "availabilityZone": f"{REGION}a",
            "availableIpAddressCount": 250, "cidrBlock": "10.0.0.0/24"}]
GROUPS = [{"groupId": "sg-0a", "groupName": "web", "vpcId": "vpc-0a"}]
KEYS = [{"keyName": "admin", "keyFingerprint": "1f:51"}]
TEMPLATES = [{"launchTemplateId": "lt-0a", "launchTemplateName": "web",
              "defaultVersionNumber": 1, "latestVersionNumber": 2}]

# action: (element of the answer, all of it, member that is asked for, parameter, code)
LOOKUPS = {
    "DescribeInstanceTypes": ("instanceTypeSet", TYPES, "instanceType", "InstanceType",
                              "InvalidInstanceType"),
    "DescribeImages": ("imagesSet", IMAGES, "imageId", "ImageId", "InvalidAMIID.NotFound"),
    "DescribeSubnets": ("subnetSet", SUBNETS, "subnetId", "SubnetId",
                        "InvalidSubnetID.NotFound"),
    "DescribeSecurityGroups": ("securityGroupInfo", GROUPS, "groupId", "GroupId",
                               "InvalidGroup.NotFound"),
    "DescribeKeyPairs": ("keySet", KEYS, "keyName", "KeyName", "InvalidKeyPair.NotFound"),
    "DescribeLaunchTemplates": ("launchTemplates", TEMPLATES, "launchTemplateName",
                                "LaunchTemplateName",
                                "InvalidLaunchTemplateName.NotFoundException"),
}
