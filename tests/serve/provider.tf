# What Terraform's AWS provider needs to reach `rehearsal serve` (docs/serve.md).
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true

  endpoints {
    dynamodb    = "http://localhost:4566"
    eventbridge = "http://localhost:4566"
    kinesis     = "http://localhost:4566"
    s3          = "http://localhost:4566"
    s3control   = "http://s3-control.localhost.localstack.cloud:4566"
    scheduler   = "http://localhost:4566"
    sns         = "http://localhost:4566"
    sqs         = "http://localhost:4566"
    sts         = "http://localhost:4566"
  }
}
