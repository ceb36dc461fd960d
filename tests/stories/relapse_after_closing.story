# A repaired terminal is closed on proof, and fails again a day later: the same case, the same people
start 09:00
cabin 松林客栈, owner Ailin, second 叶尔兰
  room 203房 on 2号箱 3号开关, 40 A
203房 temperature every 10s: 82 x 30, 44 x 300
203房 current     every 10s: 34 x 330
203房 temperature every 10s from 26h: 45 x 30, 84 x 30
203房 current     every 10s from 26h: 34 x 60
at 2m   Bolat replies "1"
at 6m   Bolat says repaired, cause loose_terminal, action "tightened to 3 Nm"
at 50m  Bolat closes
expect by 40m      case proven
expect at 50m      case closed
expect at 26h5m30s case reopened, heat, alarm
expect by 26h6m    notice sms to Ailin, "203房"
expect by 26h6m    notice sms to Bolat
